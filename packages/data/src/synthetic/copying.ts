import type { RandomKey } from "@ansatz/core";
import { Columns } from "../loading/dataset.ts";
import { checkCounts, HostRandom } from "./host-random.ts";

/**
 * The copying task: some symbols, then blanks, then a marker, after which the symbols must be repeated. Hochreiter &
 * Schmidhuber 1997; Arjovsky, Shah & Bengio 2015, arXiv:1511.06464.
 *
 * `input` and `target` are [batch, 2 length + delay] of int32. Symbols are 2 to symbols + 1, the blank is 0 and the
 * marker 1. The target is blank except for the last `length` places.
 *
 * @throws ArgumentError for counts below 1
 * @example const task = copying(key(1), { count: 1, length: 2, delay: 3, symbols: 1 });
 * task.batch(Int32Array.of(0)).input // [[2, 2, 0, 0, 1, 0, 0]]
 */
export function copying(
  key: RandomKey,
  options: { readonly count: number; readonly length: number; readonly delay: number; readonly symbols?: number },
): Columns<"input" | "target"> {
  const { count, length, delay, symbols = 8 } = options;
  checkCounts("copying", { count, length, delay, symbols });
  const random = new HostRandom(key);
  const time = 2 * length + delay;
  const [input, target] = [new Int32Array(count * time), new Int32Array(count * time)];
  for (let start = 0; start < input.length; start += time) {
    for (let i = 0; i < length; i++)
      input[start + i] = target[start + length + delay + i] = 2 + random.integer(symbols);
    input[start + length + delay - 1] = 1;
  }
  return new Columns({ input: { data: input, shape: [time] }, target: { data: target, shape: [time] } });
}
