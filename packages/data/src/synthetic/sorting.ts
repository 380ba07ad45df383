import type { RandomKey } from "@ansatz/core";
import { Columns } from "../loading/dataset.ts";
import { checkCounts, HostRandom } from "./host-random.ts";

/**
 * Numbers to sort: `input` [batch, length] in [0, 1), and `order` [batch, length] of int32, the places of the smallest
 * number, the second smallest, and so on. Vinyals, Bengio & Kudlur 2015, arXiv:1511.06391.
 *
 * @throws ArgumentError for counts below 1
 * @example sorting(key(1), { count: 100, length: 5 }).length  // 100
 */
export function sorting(
  key: RandomKey,
  options: { readonly count: number; readonly length: number },
): Columns<"input" | "order"> {
  const { count, length } = options;
  checkCounts("sorting", { count, length });
  const random = new HostRandom(key);
  const input = Float32Array.from({ length: count * length }, () => random.uniform());
  const order = new Int32Array(count * length);
  for (let start = 0; start < order.length; start += length) {
    const places = Array.from({ length }, (_, i) => i).sort((a, b) => input[start + a]! - input[start + b]! || a - b);
    order.set(places, start);
  }
  return new Columns({ input: { data: input, shape: [length] }, order: { data: order, shape: [length] } });
}
