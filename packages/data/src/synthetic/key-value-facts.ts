import type { RandomKey } from "@ansatz/core";
import { shuffled } from "../loading/order.ts";
import { Columns } from "../loading/dataset.ts";
import { checkCounts, HostRandom } from "./host-random.ts";

/**
 * Associative recall: pairs of a key and a value, then one of the keys. The answer is its value. Graves, Wayne &
 * Danihelka 2014, arXiv:1410.5401; Ba et al. 2016, arXiv:1610.06258.
 *
 * `input` is [batch, 2 pairs + 1] of int32: tokens of keys start at 0, those of values follow, and no key occurs twice.
 * `target` [batch] is the token of the value.
 *
 * @throws ArgumentError for counts below 1, or more pairs than keys
 * @example keyValueFacts(key(1), { count: 100, pairs: 3 }).length  // 100
 */
export function keyValueFacts(
  key: RandomKey,
  options: { readonly count: number; readonly pairs: number; readonly keys?: number; readonly values?: number },
): Columns<"input" | "target"> {
  const { count, pairs, keys = 26, values = 10 } = options;
  checkCounts("keyValueFacts", { count, pairs, keys, values, "keys - pairs + 1": keys - pairs + 1 });
  const random = new HostRandom(key.fold(0));
  const time = 2 * pairs + 1;
  const [input, target] = [new Int32Array(count * time), new Int32Array(count)];
  for (let example = 0; example < count; example++) {
    const chosen = shuffled(key.fold(1).fold(example), keys);
    const asked = random.integer(pairs);
    for (let pair = 0; pair < pairs; pair++) {
      const value = keys + random.integer(values);
      input.set([chosen[pair]!, value], example * time + 2 * pair);
      if (pair === asked) target[example] = value;
    }
    input[example * time + 2 * pairs] = chosen[asked]!;
  }
  return new Columns({ input: { data: input, shape: [time] }, target: { data: target } });
}
