import type { Tensor } from "../graph/tensor.ts";

/**
 * The gradient rule of a tensor has recorded the tensors numbered from after `first` to `last`. Where a tensor is used
 * several times, the sum of its gradients counts as recorded by the rule that gave the last of them.
 */
export type GradientWatcher = (tensor: Tensor, first: number, last: number) => void;

let current: GradientWatcher | undefined;

/** Who watches, if anybody does. */
export function gradientWatcher(): GradientWatcher | undefined {
  return current;
}

/**
 * Tells which tensors the gradient rule of each tensor records, so that a profile can assign the backward pass to the
 * modules of the forward pass. One can watch at a time.
 *
 * Returns what ends it. While nobody watches it costs nothing.
 *
 * @example watchGradients((tensor) => console.log(tensor.shape))()  // undefined: nobody watches any more
 */
export function watchGradients(watcher: GradientWatcher): () => void {
  current = watcher;
  return () => {
    if (current === watcher) current = undefined;
  };
}
