import type { RandomKey } from "@ansatz/core";
import { Columns } from "../loading/dataset.ts";
import { checkCounts, HostRandom } from "./host-random.ts";

/**
 * The adding problem: the sum of the two marked numbers of a sequence, one in each half. Arjovsky, Shah & Bengio 2015,
 * arXiv:1511.06464, Section 4.2, after Hochreiter & Schmidhuber 1997, whose numbers are in [−1, 1].
 *
 * `input` [batch, length, 2] has the numbers in [0, 1) and their marks, 0 or 1; `target` is [batch]. Always answering 1
 * has a mean squared error of 1/6.
 *
 * @throws ArgumentError for counts below 1, or a length below 2
 * @example addition(key(1), { count: 100, length: 20 }).length  // 100
 */
export function addition(
  key: RandomKey,
  options: { readonly count: number; readonly length: number },
): Columns<"input" | "target"> {
  const { count, length } = options;
  checkCounts("addition", { count, "length - 1": length - 1 });
  const random = new HostRandom(key);
  const half = Math.floor(length / 2);
  const [input, target] = [new Float32Array(count * length * 2), new Float32Array(count)];
  for (let example = 0; example < count; example++) {
    const at = (place: number): number => 2 * (example * length + place);
    for (let place = 0; place < length; place++) input[at(place)] = random.uniform();
    for (const place of [random.integer(half), half + random.integer(length - half)]) {
      input[at(place) + 1] = 1;
      target[example]! += input[at(place)]!;
    }
  }
  return new Columns({ input: { data: input, shape: [length, 2] }, target: { data: target } });
}
