import { ArgumentError, checkpoint, type Module, type Tensor } from "@ansatz/core";
import { isTensor } from "@ansatz/core/plugin";

/**
 * The same module, whose inside is not kept for the backward pass but computed again there: memory for time. Chen et
 * al. 2016, arXiv:1604.06174. Blocks of √n layers each make the memory of n layers grow with √n.
 *
 * Names, parameters and random draws stay as they are, and so do losses and gradients.
 *
 * @throws ArgumentError for a module that keeps running statistics, which would move twice, and at the first call for
 * one that gives several tensors
 * @example checkpointed(new FeedForward(4)).forward(zeros([2, 4])).shape  // [2, 4]
 */
export function checkpointed<M extends Module & { forward(...inputs: never[]): Tensor }>(module: M): M {
  const kind = module.constructor.name;
  if (module.namedBuffers().size > 0)
    throw new ArgumentError(
      `checkpointed: ${kind} keeps running statistics (${[...module.namedBuffers().keys()].join(", ")}), which would move twice\n  checkpoint the layers around it`,
    );
  const forward = (module.forward as (...inputs: unknown[]) => unknown).bind(module);
  const again = (...inputs: unknown[]): Tensor => {
    const places = inputs.flatMap((value, i) => (isTensor(value) ? [i] : []));
    const body = checkpoint((...tensors) => {
      const result = forward(...inputs.map((value, i) => (places.includes(i) ? tensors[places.indexOf(i)] : value)));
      if (!isTensor(result))
        throw new ArgumentError(
          `checkpointed: ${kind} gives several results\n  checkpoint a module that gives one tensor`,
        );
      return result;
    });
    return body(...places.map((i) => inputs[i] as Tensor));
  };
  return Object.assign(module, { forward: again });
}
