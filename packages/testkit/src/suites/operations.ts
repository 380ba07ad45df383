import { use, type DType, type Tensor } from "@ansatz/core";
import { isFloating, isTensor, opNames, sizeOf, type Backend } from "@ansatz/core/plugin";
import { describe, expect, test } from "vitest";
import { checkGradient } from "../check-gradient.ts";
import { assertClose } from "../compare.ts";
import { evaluate, gradients } from "../evaluate.ts";
import { floats, heldValues, tensorsOf, valuesOf, type Sample } from "../sample.ts";
import { samples } from "../samples/index.ts";
import type { Subjects } from "../subjects.ts";

/** Every op of core, with each of its samples. */
export function operationSuite(subjects: () => Subjects): void {
  test("every op has samples, and every sample has an op", () => {
    expect(samples.map(({ op }) => op).toSorted()).toEqual(opNames());
  });
  for (const { op, samples: own } of samples) {
    describe(`${op}`, () => {
      for (const sample of own.filter(({ training }) => training !== true)) {
        for (const dtype of sample.dtypes ?? floats) {
          test(`${sample.name}, ${dtype}`, ({ skip }) => {
            if (!holds(subjects(), sample, dtype)) return skip("the backend does not hold this dtype");
            return checkForward(subjects(), op, sample, dtype);
          });
        }
        const smooth =
          sample.gradient !== false && sample.inputs.some(({ dtype }) => dtype === undefined || isFloating(dtype));
        if (smooth && (sample.dtypes ?? floats).some(isFloating)) {
          test(`${sample.name}, gradients`, () => checkGradients(subjects(), op, sample));
        }
      }
    });
  }
}

function holds({ backend }: Subjects, sample: Sample, dtype: DType): boolean {
  return [dtype, ...sample.inputs.map((input) => input.dtype ?? dtype)].every((needed) =>
    backend.dtypes.includes(needed),
  );
}

const listOf = (results: Tensor | readonly Tensor[]): readonly Tensor[] => (isTensor(results) ? [results] : results);

async function checkForward({ backend, oracle }: Subjects, op: string, sample: Sample, dtype: DType): Promise<void> {
  const values = valuesOf(op, sample);
  const run = (on: Backend, as: DType) => evaluate(on, () => listOf(sample.call(...tensorsOf(sample, values, as))));
  const actual = await run(backend, dtype);
  const reference = oracle === undefined ? undefined : await run(oracle, dtype === "float32" ? "float64" : dtype);
  const expected = reference?.map(({ data }) => data) ?? sample.expected?.(...heldValues(sample, values, dtype));
  for (const [position, result] of actual.entries()) {
    if (reference !== undefined) expect(result.shape).toEqual(reference[position]!.shape);
    expect(result.data).toHaveLength(sizeOf(result.shape));
    if (expected !== undefined)
      assertClose(result.data, expected[position]!, result.dtype, 1, `${op}, result ${position}`);
  }
}

/**
 * First and second gradients, compared with the oracle, or with finite differences if the backend is the reference.
 */
async function checkGradients({ backend, oracle }: Subjects, op: string, sample: Sample): Promise<void> {
  const values = valuesOf(op, sample);
  if (oracle === undefined) return checkByDifferences(backend, sample, values);
  const run = (on: Backend, dtype: DType) =>
    evaluate(on, () => {
      const inputs = tensorsOf(sample, values, dtype);
      return gradients(listOf(sample.call(...inputs)), inputs, dtype, 2).flat();
    });
  const dtype = (sample.dtypes ?? floats).find((own) => isFloating(own) && backend.dtypes.includes(own)) ?? "float32";
  const expected = await run(oracle, "float64");
  for (const [position, { data, dtype: own }] of (await run(backend, dtype)).entries()) {
    const order = position < expected.length / 2 ? 1 : 2;
    assertClose(data, expected[position]!.data, own, 20, `${op}, gradient of order ${order}`);
  }
}

async function checkByDifferences(
  backend: Backend,
  sample: Sample,
  values: readonly (readonly number[])[],
): Promise<void> {
  await use(backend);
  const moving = sample.inputs.flatMap(({ dtype }, position) =>
    (dtype === undefined || isFloating(dtype)) && values[position]!.length > 0 ? [position] : [],
  );
  const call = (...moved: Tensor[]) => {
    const all = tensorsOf(sample, values, "float64");
    moving.forEach((position, i) => (all[position] = moved[i]!));
    return sample.call(...all);
  };
  if (moving.length === 0) return;
  const points = moving.map((position) => ({ shape: sample.inputs[position]!.shape, data: values[position]! }));
  await checkGradient(call, points, { order: 2 });
}
