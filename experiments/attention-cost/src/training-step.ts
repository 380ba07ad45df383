import { grad, key, normal, norm, sum, type Tensor } from "@ansatz/core";
import { layerOf, recurrences, type LayerOptions } from "./layers.ts";

/** [1, length, width], the same for all layers of one seed. */
export function inputOf({ length, width, seed }: LayerOptions): Tensor {
  return normal(key(seed), [1, length, width]);
}

/** The result of a layer, and the gradients of the sum of its squares with respect to the input and all weights. */
export function trainingStep(options: LayerOptions): (x: Tensor) => readonly Tensor[] {
  const { layer, causal } = layerOf(options);
  return (x) => {
    const y = layer.forward(x, { causal });
    return [y, ...grad(sum(y.square()), [x, ...layer.parameters()])];
  };
}

/**
 * How far a layer's result is from that of exact attention with the same projections, relative to its length;
 * undefined for a recurrence.
 */
export async function errorOf(options: LayerOptions): Promise<number | undefined> {
  if (recurrences.includes(options.attention)) return undefined;
  const { layer, causal } = layerOf(options);
  const { layer: exact } = layerOf({ ...options, attention: "exact" });
  const x = inputOf(options);
  const [found, expected] = [layer, exact].map((own) => own.forward(x, { causal })) as [Tensor, Tensor];
  return norm(found.sub(expected)).div(norm(expected)).item();
}
