import { grad, type Module, type Optimizer, type Tensor } from "@ansatz/core";
import { crossEntropy } from "@ansatz/nn";
import type { Training } from "./work.ts";

/** Training by the cross-entropy of a classifier, which every workload here uses. */
export function classifying(
  model: Module & { forward(x: Tensor): Tensor },
  optimizer: Optimizer,
  batch: Training["batch"],
): Training {
  return {
    batch,
    step(input, target) {
      const loss = crossEntropy(model.forward(input), target);
      optimizer.update(grad(loss, model.parameters()));
      return loss;
    },
  };
}
