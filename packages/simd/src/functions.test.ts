import { kernels as plain } from "@ansatz/kernels";
import { describe, expect, test } from "vitest";
import { webAssembly, SimdKernels } from "./index.ts";

const kernels = new SimdKernels();
const memory = new webAssembly.Memory({ initial: 16 });

/** The values of a function from a kernel, and in double precision. */
function evaluate(
  op: string,
  values: Float32Array,
): { readonly found: Float32Array; readonly expected: ArrayLike<number> } {
  const { length } = values;
  const access = { dtype: "float32", spread: false } as const;
  const kernel = kernels.elementwise(
    {
      steps: [{ op, operands: [{ from: "tensor", index: 0 }] }],
      tensors: [access, access],
      results: [{ value: { from: "step", index: 0 }, tensor: 1 }],
    },
    memory,
  );
  new Float32Array(memory.buffer, 0, length).set(values);
  kernel(1, length, 0, 0, 4 * length, 0);
  const type = { shape: [length], dtype: "float64" } as const;
  return {
    found: new Float32Array(memory.buffer, 4 * length, length).slice(),
    expected: plain[op]!({ op, inputs: [0], attributes: {}, ...type }, [type])([Float64Array.from(values)]),
  };
}

/** The distance from a number to the next float. */
const spacing = (x: number): number => 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23);

const ends: Readonly<Record<string, readonly [number, number]>> = {
  exp: [-104, 88.72],
  log: [1e-30, 1e30],
  tanh: [-12, 12],
  erf: [-6, 6],
  sigmoid: [-87, 100],
};

describe.each(Object.entries(ends))("%s", (op, [from, to]) => {
  test("is within 8 ulp of the true value", () => {
    const count = 20_001;
    const between = (i: number): number =>
      op === "log" ? from * (to / from) ** (i / count) : from + ((to - from) * i) / count;
    const values = Float32Array.from({ length: count }, (_, i) => between(i));
    const { found, expected } = evaluate(op, values);
    let worst = 0;
    for (const [i, value] of found.entries())
      worst = Math.max(worst, Math.abs(value - expected[i]!) / spacing(expected[i]!));
    expect(worst).toBeLessThan(8);
  });

  test("infinities, NaN and zeros are right, and subnormal floats lose only a few digits", () => {
    const special = Float32Array.of(NaN, Infinity, -Infinity, 0, -0, 1e-45, -1e-45, 1e-39, 3.4e38, -3.4e38, 1);
    const { found, expected } = evaluate(op, special);
    for (const [i, value] of found.entries()) {
      const right = Math.fround(expected[i]!);
      if (Number.isFinite(right) && right !== 0)
        expect(Math.abs(value - right), `${op}(${special[i]!})`).toBeLessThanOrEqual(8 * spacing(right) + 1e-43);
      else expect(value, `${op}(${special[i]!})`).toBe(right);
    }
  });
});
