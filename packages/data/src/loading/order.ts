import type { RandomKey } from "@ansatz/core";
import { threefry2x32 } from "@ansatz/core/plugin";

/** The numbers 0 … length − 1 in random order, on the host. Fisher–Yates shuffle. */
export function shuffled(key: RandomKey, length: number): Int32Array {
  const [a, b] = key.words();
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor((threefry2x32(a, b, i, 0)[0] / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Divides an order into batches; the rest makes a smaller batch, or is dropped. */
export function batchesOf(order: Int32Array, size: number, dropLast: boolean): Int32Array[] {
  const count = dropLast ? Math.floor(order.length / size) : Math.ceil(order.length / size);
  return Array.from({ length: count }, (_, i) => order.subarray(i * size, (i + 1) * size));
}

/** Sorts each stretch of an order by the length of the examples, so that batches need little padding. */
export function bucketed(order: Int32Array, stretch: number, lengthOf: (place: number) => number): Int32Array {
  const result = order.slice();
  for (let start = 0; start < order.length; start += stretch) {
    const sorted = Array.from(order.subarray(start, start + stretch), (place, i) => ({
      place,
      i,
      length: lengthOf(place),
    })).sort((x, y) => x.length - y.length || x.i - y.i);
    result.set(
      sorted.map(({ place }) => place),
      start,
    );
  }
  return result;
}
