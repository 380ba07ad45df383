import { describe, expect, test } from "vitest";
import type { DType } from "@ansatz/core";
import { isFloating, isTensor } from "@ansatz/core/plugin";
import { assertSameBits } from "../compare.ts";
import { evaluate, gradients } from "../evaluate.ts";
import { floats, tensorsOf, valuesOf, type Sample } from "../sample.ts";
import { samples } from "../samples/index.ts";
import type { Subjects } from "../subjects.ts";

const repetitions = 5;

/** Every op on tensors as large as in training, on all threads: results and gradients have the same bits each time. */
export function repetitionSuite(subjects: () => Subjects): void {
  describe("the same bits each time", () => {
    for (const { op, samples: own } of samples) {
      const large = own.filter(({ training }) => training === true);
      test(`${op}`, async () => {
        expect(large.length, `${op} has no sample of training size`).toBeGreaterThan(0);
        for (const sample of large) await repeat(subjects(), op, sample);
      });
    }
  });
}

async function repeat({ backend }: Subjects, op: string, sample: Sample): Promise<void> {
  const dtype: DType = (sample.dtypes ?? floats).find((own) => backend.dtypes.includes(own)) ?? "float32";
  const values = valuesOf(op, sample);
  const run = () =>
    evaluate(backend, () => {
      const inputs = tensorsOf(sample, values, dtype);
      const results = sample.call(...inputs);
      const list = isTensor(results) ? [results] : results;
      const smooth = sample.gradient !== false && isFloating(dtype) && inputs.some((input) => isFloating(input.dtype));
      return smooth ? [...list, ...gradients(list, inputs, dtype, 1).flat()] : list;
    });
  const first = await run();
  for (let repetition = 1; repetition < repetitions; repetition++) {
    for (const [position, { data }] of (await run()).entries())
      assertSameBits(data, first[position]!.data, `${op}, result ${position}, run ${repetition + 1}`);
  }
}
