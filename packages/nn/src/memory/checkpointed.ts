import { ArgumentError, checkpoint, type Module, type Tensor } from "@ansatz/core";
import { isTensor } from "@ansatz/core/plugin";

/**
 * Changes a module so that it keeps no intermediate results for the backward pass, and computes them again there. This
 * trades time for memory: with blocks of √n layers, the memory of n layers grows with √n. Chen et al. 2016,
 * arXiv:1604.06174.
 *
 * Names, parameters, random draws, losses and gradients stay the same.
 *
 * @throws ArgumentError for a module with running statistics, which would be updated twice; and at the first call, for
 * a module that returns several tensors
 * @example checkpointed(new FeedForward(4)).forward(zeros([2, 4])).shape  // [2, 4]
 */
export function checkpointed<M extends Module & { forward(...inputs: never[]): Tensor }>(module: M): M {
  const kind = module.constructor.name;
  if (module.namedBuffers().size > 0)
    throw new ArgumentError(
      `checkpointed: ${kind} has running statistics (${[...module.namedBuffers().keys()].join(", ")}), ` +
        "which would be updated twice\n  checkpoint the layers around it",
    );
  const forward = (module.forward as (...inputs: unknown[]) => unknown).bind(module);
  const again = (...inputs: unknown[]): Tensor => {
    const places = inputs.flatMap((value, i) => (isTensor(value) ? [i] : []));
    const body = checkpoint((...tensors) => {
      const result = forward(...inputs.map((value, i) => (places.includes(i) ? tensors[places.indexOf(i)] : value)));
      if (!isTensor(result))
        throw new ArgumentError(
          `checkpointed: ${kind} returns several results\n  checkpoint a module that returns one tensor`,
        );
      return result;
    });
    return body(...places.map((i) => inputs[i] as Tensor));
  };
  return Object.assign(module, { forward: again });
}
