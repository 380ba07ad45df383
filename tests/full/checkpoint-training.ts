import { checkpoint, compile, grad, key, Optimizer, randomIntegers, type Tensor } from "@ansatz/core";
import { crossEntropy, TransformerLM, type TransformerBlock, type TransformerLMOptions } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";

interface Training extends Omit<TransformerLMOptions, "random"> {
  readonly batch: number;
  /** Whether each block forgets its intermediate values and computes them again in the backward pass. */
  readonly checkpointed: boolean;
}

/** A step that trains a Transformer on a batch of random tokens, and gives its loss. */
export function checkpointTraining({ batch, checkpointed, ...options }: Training): () => Promise<number> {
  const model = new TransformerLM({ ...options, random: 1 });
  if (checkpointed) for (const block of model.blocks) wrap(block);
  const optimizer = new Optimizer(model, adamw, { learningRate: 1e-3 });
  const tokens = randomIntegers(key(2), [batch, options.context], { high: options.vocabularySize });
  const step = compile((x: Tensor) => {
    const loss = crossEntropy(model.forward(x), x);
    optimizer.update(grad(loss, model.parameters()));
    return loss;
  });
  return async () => (await step(tokens)).item();
}

function wrap(block: TransformerBlock): void {
  const forward = block.forward.bind(block);
  block.forward = (x) => checkpoint((y) => forward(y))(x);
}
