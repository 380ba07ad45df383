/** Both rules as functions: the papers' recurrences in plain TypeScript, transformers' forms, and hard cases. */
import { cpu } from "@ansatz/backend-cpu";
import {
  ArgumentError,
  concat,
  div,
  DTypeError,
  full,
  grad,
  key,
  mul,
  neg,
  norm,
  normal,
  ones,
  ShapeError,
  sigmoid,
  slice,
} from "@ansatz/core";
import { softplus, sum, tensor, uniform, use, withDType, zeros, type Tensor } from "@ansatz/core";
import { checkGradient, expectClose } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { gatedDeltaRule, stateSpaceDuality, type ChunkOptions } from "./index.ts";
import { goldens } from "./golden.ts";
import { onEveryBackend } from "./testing.ts";

type Rule = (inputs: readonly Tensor[], options?: ChunkOptions) => readonly [Tensor, Tensor];

type Name = "stateSpaceDuality" | "gatedDeltaRule";

const rules: Record<Name, { readonly names: readonly string[]; readonly run: Rule }> = {
  stateSpaceDuality: {
    names: ["x", "logDecay", "B", "C"],
    run: ([x, a, B, C], options) => stateSpaceDuality(x!, a!, B!, C!, options),
  },
  gatedDeltaRule: {
    names: ["q", "k", "v", "logDecay", "beta"],
    run: ([q, k, v, a, beta], options) => gatedDeltaRule(q!, k!, v!, a!, beta!, options),
  },
};

/** Random inputs [2, 3, time, ...], in the order of the names. */
function inputsOf(name: Name, time: number): Tensor[] {
  const draw = (seed: number, ...features: number[]) => normal(key(seed), [2, 3, time, ...features]);
  const decay = neg(softplus(draw(1)));
  if (name === "stateSpaceDuality") return [draw(2, 4), decay, draw(3, 5), draw(4, 5)];
  const k = draw(5, 5);
  return [draw(6, 5), div(k, norm(k, -1, { keepDims: true })), draw(7, 4), decay, sigmoid(draw(8))];
}

/** The recurrence of the paper, in plain loops over numbers. */
const naive: Record<Name, (now: readonly (number | number[])[], S: number[][]) => number[]> = {
  // h ← e^a h + B xᵀ, then y = hᵀ C
  stateSpaceDuality: ([x, a, B, C], h) => {
    for (const [i, row] of h.entries())
      for (const j of row.keys()) row[j] = Math.exp(a as number) * row[j]! + (B as number[])[i]! * (x as number[])[j]!;
    return (x as number[]).map((_, j) => h.reduce((total, row, i) => total + row[j]! * (C as number[])[i]!, 0));
  },
  // S ← e^a (I − β k kᵀ) S + β k vᵀ, then o = Sᵀ q
  gatedDeltaRule: ([q, k, v, a, β], S) => {
    const [keys, values] = [k as number[], v as number[]];
    const before = S.map((row) => [...row]);
    const held = values.map((_, j) => before.reduce((total, row, i) => total + row[j]! * keys[i]!, 0));
    for (const [i, row] of S.entries())
      for (const j of row.keys())
        row[j] =
          Math.exp(a as number) * (before[i]![j]! - (β as number) * keys[i]! * held[j]!) +
          (β as number) * keys[i]! * values[j]!;
    return values.map((_, j) => S.reduce((total, row, i) => total + row[j]! * (q as number[])[i]!, 0));
  },
};

/** All outputs and the last states of the plain loops, from zeros. */
async function expectedOf(name: Name, inputs: readonly Tensor[]): Promise<[Tensor, Tensor]> {
  const lists = (await Promise.all(inputs.map((input) => input.array()))) as (number | number[])[][][][];
  const states = Array.from({ length: 2 }, () =>
    Array.from({ length: 3 }, () => Array.from({ length: 5 }, () => Array.from({ length: 4 }, () => 0))),
  );
  const outputs = states.map((heads, batch) =>
    heads.map((state, head) =>
      lists[0]![batch]![head]!.map((_, t) =>
        naive[name](
          lists.map((list) => list[batch]![head]![t]!),
          state,
        ),
      ),
    ),
  );
  return [tensor(outputs, { dtype: inputs[0]!.dtype }), tensor(states, { dtype: inputs[0]!.dtype })];
}

const each = Object.entries(rules) as [Name, (typeof rules)[Name]][];

await onEveryBackend((backend) => {
  describe.each(each)("%s", (name, { names, run }) => {
    beforeAll(async () => use(await backend()));

    test.each([1, 4, 11, 64])(
      "as in transformers, forward and backward, from a state, in chunks of %d",
      async (chunk) => {
        const golden = await goldens(name);
        const inputs = Object.fromEntries([...names, "state"].map((own) => [own, golden(own)]));
        const [y, last] = run(
          names.map((own) => inputs[own]!),
          { chunk, state: inputs["state"]! },
        );
        const scalar = sum(mul(y, golden("c/y"))).add(sum(mul(last, golden("c/last"))));
        const slopes = grad(scalar, inputs);
        await expectClose(y, golden("y"));
        await expectClose(last, golden("last"));
        for (const [own, slope] of Object.entries(slopes)) await expectClose(slope, golden(`grad/${own}`));
      },
    );
  });
});

describe.each(each)("%s", (name, { names, run }) => {
  beforeAll(async () => use(cpu()));

  test.each([1, 3, 4, 64])("is the recurrence of the paper, in float64, in chunks of %d", async (chunk) => {
    const inputs = withDType("float64", () => inputsOf(name, 11));
    const [y, last] = run(inputs, { chunk });
    const [outputs, state] = await expectedOf(name, inputs);
    await expectClose(y, outputs, 1e-13);
    await expectClose(last, state, 1e-13);
  });

  test.each([1, 3])("gradients of both orders agree with finite differences, in chunks of %d", async (chunk) => {
    const points = await Promise.all(
      inputsOf(name, 5).map(async (input) => {
        const part = slice(input, [
          [0, 1],
          [0, 2],
        ]);
        return { shape: part.shape, data: await part.data() };
      }),
    );
    await checkGradient((...inputs) => run(inputs, { chunk }), points, { order: 2, elements: 3 });
  });

  test.each([1, 4])("a sequence may be cut anywhere if its state is handed on, in chunks of %d", async (chunk) => {
    const inputs = inputsOf(name, 11);
    const [whole, last] = run(inputs, { chunk });
    const part = (range: [number, number | null]) => inputs.map((input) => slice(input, [null, null, range]));
    const [first, middle] = run(part([0, 6]), { chunk });
    const [second, end] = run(part([6, null]), { chunk, state: middle });
    await expectClose(first, slice(whole, [null, null, [0, 6]]));
    await expectClose(second, slice(whole, [null, null, [6, null]]));
    await expectClose(end, last);
    const [nothing, same] = run(part([11, null]), { chunk, state: end });
    expect(nothing.shape).toEqual([2, 3, 0, 4]);
    await expectClose(same, last);
  });

  test.each([1, 4])(
    "a state decays before the first position writes, which does not decay: chunks of %d",
    async (chunk) => {
      const inputs = inputsOf(name, 4);
      const at = names.indexOf("logDecay");
      const ends = (logarithm: number, state: Tensor) => {
        const first = concat([full([2, 3, 1], logarithm), slice(inputs[at]!, [null, null, 1])], 2);
        return run(inputs.with(at, first), { chunk, state });
      };
      const [empty, state] = [zeros([2, 3, 5, 4]), normal(key(3), [2, 3, 5, 4])];
      for (const i of [0, 1]) {
        await expectClose(ends(-3, empty)[i]!, ends(0, empty)[i]!, 1e-6);
        await expectClose(ends(Math.log(0.5), state)[i]!, ends(0, state.mul(0.5))[i]!, 1e-6);
      }
    },
  );

  test("small decays behind a large one keep their digits, and nothing overflows", async () => {
    const inputs = inputsOf(name, 16);
    const logarithms = Array.from({ length: 16 }, (_, t) => (t % 5 === 2 ? -1e4 : t === 9 ? -1e30 : -0.01 * t));
    inputs[names.indexOf("logDecay")] = mul(ones([2, 3, 1]), tensor(logarithms));
    const [expected] = await expectedOf(name, inputs);
    const [y, last] = run(inputs, { chunk: 16 });
    const slopes = grad(sum(y).add(sum(last)), inputs);
    await expectClose(y, expected, 1e-6);
    for (const slope of slopes) expect((await slope.data()).every(Number.isFinite)).toBe(true);
  });

  test("what does not fit is refused, and the message shows all shapes", () => {
    const inputs = inputsOf(name, 4);
    for (const [i, own] of names.entries()) {
      const changed = (to: Tensor) => inputs.map((input, j) => (i === j ? to : input));
      const wrong = new RegExp(`^${name}: [a-zA-Z]+ does not fit\\n(  .*\\n)*  ${own}: \\[2,3,9`);
      expect(() => run(changed(ones([2, 3, 9, ...inputs[i]!.shape.slice(3)])))).toThrow(wrong);
      expect(() => run(changed(ones([2, 3])))).toThrow(ShapeError);
      expect(() => run(changed(inputs[i]!.cast("int32")))).toThrow(DTypeError);
    }
    expect(() => run(inputs, { state: zeros([2, 3, 4, 5]) })).toThrow(/state does not fit[^]*\[2,3,4,5\]/);
    for (const chunk of [0, 1.5, NaN]) expect(() => run(inputs, { chunk })).toThrow(ArgumentError);
  });
});

test("heads may share B and C", async () => {
  await use(cpu());
  const [x, a, B, C] = inputsOf("stateSpaceDuality", 7) as [Tensor, Tensor, Tensor, Tensor];
  const [one, other] = [B, C].map((part) => slice(part, [null, [0, 1]])) as [Tensor, Tensor];
  for (const chunk of [1, 3]) {
    const shared = stateSpaceDuality(x, a, one, other, { chunk })[0];
    const repeated = stateSpaceDuality(x, a, mul(one, ones([1, 3, 1, 1])), mul(other, ones([1, 3, 1, 1])), {
      chunk,
    })[0];
    await expectClose(shared, repeated, 1e-6);
  }
});

test("a key that comes 64 times replaces its value 64 times, without a loss of digits", async () => {
  await use(cpu());
  const same = mul(ones([1, 1, 64, 4]), 0.5);
  const v = uniform(key(1), [1, 1, 64, 3]);
  const [o] = gatedDeltaRule(same, same, v, zeros([1, 1, 64]), ones([1, 1, 64]), { chunk: 64 });
  await expectClose(o, v, 1e-6);
});
