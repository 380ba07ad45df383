import { add, checkpoint, matmul, sum, tanh, use, type Tensor } from "@ansatz/core";
import { test } from "vitest";
import { checkGradient } from "../check-gradient.ts";
import { assertClose } from "../compare.ts";
import { evaluate, gradients } from "../evaluate.ts";
import { between, tensorsOf, valuesOf, type Sample } from "../sample.ts";
import type { Subjects } from "../subjects.ts";

const layer = (x: Tensor, weight: Tensor): Tensor => add(tanh(matmul(tanh(x), weight)), sum(x, 1, { keepDims: true }));
const recomputed = checkpoint(layer);

const sample: Sample = {
  name: "two layers",
  inputs: [between(-1, 1, [3, 4]), between(-1, 1, [4, 4])],
  call: (x, weight) => recomputed(recomputed(x, weight), weight),
};

/** Recomputation in the backward pass, behind barriers, changes neither values nor gradients. */
export function checkpointSuite(subjects: () => Subjects): void {
  test("checkpoint changes no gradient", async () => {
    const { backend, oracle } = subjects();
    const values = valuesOf("checkpoint", sample);
    const run = (call: Sample["call"]) =>
      evaluate(backend, () => {
        const inputs = tensorsOf(sample, values, "float32");
        const results = [call(...inputs)].flat() as readonly Tensor[];
        return [...results, ...gradients(results, inputs, "float32", 2).flat()];
      });
    const plain = await run((x, weight) => layer(layer(x!, weight!), weight!));
    for (const [position, { data, dtype }] of (await run(sample.call)).entries())
      assertClose(data, plain[position]!.data, dtype, 5, `result ${position}`);
    if (oracle !== undefined) return;
    await use(backend);
    await checkGradient(
      sample.call,
      sample.inputs.map(({ shape }, i) => ({ shape, data: values[i]! })),
      { order: 2 },
    );
  });
}
