import { add, cumsum, matmul, mul, scan, sum, tanh, use, type Tensor } from "@ansatz/core";
import { describe, test } from "vitest";
import { checkGradient } from "../check-gradient.ts";
import { assertClose } from "../compare.ts";
import { evaluate, gradients } from "../evaluate.ts";
import { between, tensorsOf, valuesOf, type Sample } from "../sample.ts";
import type { Subjects } from "../subjects.ts";

/** A small recurrent network: h′ = tanh(x W + h U), with both matrices captured. */
const recurrent =
  (reverse: boolean) =>
  (xs: Tensor, h0: Tensor, w: Tensor, u: Tensor): readonly Tensor[] => {
    const [last, all] = scan(
      (h: Tensor, x: Tensor) => {
        const next = tanh(add(matmul(x, w), matmul(h, u)));
        return [next, { state: next, square: mul(next, next) }] as const;
      },
      h0,
      xs,
      { reverse },
    );
    return [last, all.state, all.square];
  };

const network = [between(-1, 1, [5, 2, 3]), between(-1, 1, [2, 4]), between(-1, 1, [3, 4]), between(-1, 1, [4, 4])];

const loops: readonly Sample[] = [
  { name: "a recurrent network, forward", inputs: network, call: recurrent(false) },
  { name: "a recurrent network, in reverse", inputs: network, call: recurrent(true) },
  {
    name: "two carries and two sequences",
    inputs: [between(0.5, 1.5, [4, 3]), between(-1, 1, [4, 3]), between(-1, 1, [3]), between(-1, 1, [])],
    call: (a, b, left, right) => {
      const [carry, y] = scan(
        ([p, q]: readonly [Tensor, Tensor], [x, z]: readonly [Tensor, Tensor]) =>
          [[add(mul(p, x), q), add(q, sum(z))], mul(p, z)] as const,
        [left, right] as const,
        [a, b] as const,
      );
      return [carry[0], carry[1], y];
    },
  },
  {
    name: "without sequences",
    inputs: [between(0.5, 1, [2])],
    call: (x) => {
      const [last, all] = scan((carry: Tensor) => [mul(carry, x), carry] as const, x, [], { length: 6 });
      return [last, all];
    },
  },
  {
    name: "a loop inside a loop",
    inputs: [between(-1, 1, [3, 2]), between(0.5, 1.5, [])],
    call: (xs, factor) => {
      const [last, all] = scan(
        (outer: Tensor, row: Tensor) => {
          const [inner] = scan((carry: Tensor, x: Tensor) => [add(mul(carry, factor), x), carry] as const, outer, row);
          return [tanh(inner), inner] as const;
        },
        factor,
        xs,
      );
      return [last, all];
    },
  },
  {
    name: "a single step",
    inputs: [between(-1, 1, [1, 3]), between(-1, 1, [3])],
    call: (xs, start) => scan((carry: Tensor, x: Tensor) => [mul(carry, x), add(carry, x)] as const, start, xs),
  },
];

/** Loops: values, first and second gradients, and one long loop. */
export function scanSuite(subjects: () => Subjects): void {
  describe("scan", () => {
    for (const sample of loops) {
      test(`${sample.name}`, async () => {
        const { backend, oracle } = subjects();
        const values = valuesOf("scan", sample);
        if (oracle === undefined) {
          await use(backend);
          return checkGradient(
            sample.call,
            sample.inputs.map(({ shape }, i) => ({ shape, data: values[i]! })),
            { order: 2 },
          );
        }
        const run = (on: typeof backend, dtype: "float32" | "float64") =>
          evaluate(on, () => {
            const inputs = tensorsOf(sample, values, dtype);
            const results = sample.call(...inputs) as readonly Tensor[];
            return [...results, ...gradients(results, inputs, dtype, 2).flat()];
          });
        const expected = await run(oracle, "float64");
        for (const [position, { data, dtype }] of (await run(backend, "float32")).entries()) {
          assertClose(data, expected[position]!.data, dtype, 20, `scan, result ${position}`);
        }
      });
    }

    test("the running totals of 1,000 steps agree with cumsum", async () => {
      const sample: Sample = { name: "long", inputs: [between(-1, 1, [1000, 2])], call: (x) => x };
      const [x] = valuesOf("scan", sample);
      const [running, direct] = await evaluate(subjects().backend, () => {
        const [xs] = tensorsOf(sample, [x!], "float32");
        const [, totals] = scan(
          (total: Tensor, row: Tensor) => [add(total, row), add(total, row)] as const,
          mul(sum(xs!, 0), 0),
          xs!,
        );
        return [totals, cumsum(xs!, 0)];
      });
      assertClose(running!.data, direct!.data, "float32", 20, "running totals");
    });
  });
}
