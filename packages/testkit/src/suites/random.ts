import {
  bernoulli,
  categorical,
  key,
  memory,
  neg,
  normal,
  permutation,
  randomBits,
  realize,
  reshape,
  tensor,
  truncatedNormal,
  uniform,
  use,
  type RandomKey,
  type Tensor,
} from "@ansatz/core";
import { threefry2x32 } from "@ansatz/core/plugin";
import { describe, expect, test } from "vitest";
import { evaluate } from "../evaluate.ts";
import type { Subjects } from "../subjects.ts";

/** The test vectors of Random123, the authors' own library: key, counter, result. */
const knownAnswers = [
  [
    [0, 0],
    [0, 0],
    [0x6b200159, 0x99ba4efe],
  ],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x1cb996fc, 0xbb002be7],
  ],
  [
    [0x13198a2e, 0x03707344],
    [0x243f6a88, 0x85a308d3],
    [0xc4923a9c, 0x483df7a0],
  ],
] as const;

const draws: readonly { readonly name: string; readonly draw: (key: RandomKey) => Tensor }[] = [
  { name: "uniform", draw: (own) => uniform(own, [7, 31]) },
  { name: "normal", draw: (own) => normal(own, [217]) },
  { name: "truncated normal", draw: (own) => truncatedNormal(own, [217]) },
  { name: "bernoulli", draw: (own) => bernoulli(own, 0.3, [217]) },
  { name: "permutation", draw: (own) => permutation(own, 217) },
];

const drawAndRealize = (seed: number): Promise<void> => realize(neg(uniform(key(seed), [8])));

/** Random numbers: known answers, and the same bits on every backend. */
export function randomSuite(subjects: () => Subjects): void {
  describe("random", () => {
    test.each(knownAnswers)("Threefry with key %o and counter %o", async (words, counter, expected) => {
      expect(threefry2x32(words[0], words[1], counter[0], counter[1])).toEqual(expected);
    });

    test("the bits of key 0 pass through the backend unchanged", async ({ skip }) => {
      const { backend } = subjects();
      if (!backend.dtypes.includes("uint32")) return skip("the backend does not hold uint32");
      const [bits] = await evaluate(backend, () => [reshape(randomBits(key(0), [1, 2]), [2])]);
      expect(Array.from(bits!.data)).toEqual([0x6b200159, 0x99ba4efe]);
    });

    test.each(draws)("$name has the same bits as on the host", async ({ draw }) => {
      const { backend } = subjects();
      // Negating it twice passes the draw through a program.
      const [through, direct] = await evaluate(backend, () => [neg(neg(draw(key(42)))), draw(key(42))]);
      expect(Array.from(through!.data)).toEqual(Array.from(direct!.data));
      expect(new Set(direct!.data).size).toBeGreaterThan(1);
    });

    test("categorical draws with the probabilities of the logits", async () => {
      const logits = tensor(
        Float32Array.from({ length: 600 }, (_, place) => (place % 3 === 0 ? Math.log(2) : 0)),
        { shape: [200, 3] },
      );
      const [classes] = await evaluate(subjects().backend, () => [categorical(key(5), logits)]);
      const counts = [0, 1, 2].map((own) => classes!.data.filter((value) => value === own).length);
      // Probabilities 1/2, 1/4, 1/4; four standard deviations of 200 draws are 28 and 25.
      expect(Math.abs(counts[0]! - 100)).toBeLessThan(28);
      expect(Math.abs(counts[1]! - 50)).toBeLessThan(25);
    });

    test("another key recompiles nothing", async () => {
      await use(subjects().backend);
      await drawAndRealize(1);
      const { compilations } = memory();
      for (let seed = 2; seed < 10; seed++) await drawAndRealize(seed);
      expect(memory().compilations).toBe(compilations);
    });
  });
}
