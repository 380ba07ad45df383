import { ArgumentError, mean, sum, type Tensor } from "@ansatz/core";

/** How a loss combines its elements: their mean, their sum, or not at all. */
export type Reduction = "mean" | "sum" | "none";

/** Reduces the elements of a loss. Default: to their mean. @throws ArgumentError for another word */
export function reduced(loss: string, elements: Tensor, reduction: Reduction = "mean"): Tensor {
  if (reduction === "mean") return mean(elements);
  if (reduction === "sum") return sum(elements);
  if (reduction === "none") return elements;
  throw new ArgumentError(`${loss}: the reduction is "${String(reduction)}"\n  use "mean", "sum" or "none"`);
}
