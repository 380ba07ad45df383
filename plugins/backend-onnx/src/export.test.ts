import { add, key, matmul, normal, parameter, scan, softmax, tanh, tensor, use, zeros } from "@ansatz/core";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, test } from "vitest";
import { onnx, toOnnx } from "./index.ts";

test("an exported function gives the same values in a plain onnxruntime session", async () => {
  await use(onnx());
  const weight = parameter(normal(key(1), [3, 3]));
  const model = (x: Input) => {
    const step = (h: Input, input: Input) => tanh(add(matmul(h, weight), input));
    const [, states] = scan((h, input) => [step(h, input), step(h, input)], zeros([1, 3]), x);
    return { states, scores: softmax(states) };
  };
  const values = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
  const expected = model(tensor(values, { shape: [4, 1, 3] }));
  const bytes = await toOnnx(model, [{ shape: [4, 1, 3], dtype: "float32" }], {
    inputs: ["x"],
    outputs: ["states", "scores"],
  });
  const session = await InferenceSession.create(bytes);
  expect([session.inputNames, session.outputNames]).toEqual([["x"], ["states", "scores"]]);
  const result = await session.run({ x: new Tensor("float32", values, [4, 1, 3]) });
  for (const name of ["scores", "states"] as const) {
    const ours = await expected[name].data();
    for (const [i, value] of (result[name]!.data as Float32Array).entries()) expect(value).toBeCloseTo(ours[i]!, 6);
  }
  await session.release();
});

type Input = ReturnType<typeof tensor>;
