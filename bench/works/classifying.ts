import { add, grad, type Module, type Optimizer, type Tensor } from "@ansatz/core";
import { crossEntropy } from "@ansatz/nn";
import type { Training } from "./work.ts";

/** Training by the cross-entropy of a classifier, plus what the model may add to the loss. */
export function classifying(
  model: Module & { forward(x: Tensor): Tensor },
  optimizer: Optimizer,
  batch: Training["batch"],
  added?: () => Tensor,
): Training {
  return {
    model,
    batch,
    step(input: Tensor, target: Tensor) {
      const own = crossEntropy(model.forward(input), target);
      const loss = added === undefined ? own : add(own, added());
      optimizer.update(grad(loss, model.parameters()));
      return loss;
    },
  };
}
