import {
  add,
  ArgumentError,
  BackendError,
  compile,
  gather,
  parameter,
  scatterAdd,
  takeAlongAxis,
  tensor,
  use,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { beforeAll, expect, test } from "vitest";
import { onnx } from "./index.ts";

beforeAll(async () => {
  await use(onnx());
});

const indices = (...values: readonly number[]): Tensor => tensor(Int32Array.from(values));

test.each([
  [
    "gather",
    () => gather(add(zeros([3, 2]), tensor(1)), indices(3)),
    /^onnx: gather \(ONNX's Gather\) failed: .* out of data bounds, idx=3 must be within the inclusive range \[0,2\]\n/,
  ],
  [
    "gather, and is negative,",
    () => gather(add(zeros([3, 2]), tensor(1)), indices(-1)),
    /^onnx: gather .* out of data bounds, an index is negative \(or 2147483647\), outside \[0,2\]\n/,
  ],
  [
    "takeAlongAxis",
    () => takeAlongAxis(tensor([1, 2]), indices(7), 0),
    /takeAlongAxis \(ONNX's GatherElements\) failed: GatherElements op: Out of range/,
  ],
  [
    "scatterAdd",
    () => scatterAdd(tensor([1, 2]), indices(7), tensor([1])),
    /^onnx: scatterAdd \(ONNX's ScatterElements\) failed: .* idx=7 must be within the inclusive range \[0,1\]\n/,
  ],
] as const)("an index out of range in %s is an error that names the op", async (_name, make, message) => {
  const result = make().data();
  await expect(result).rejects.toThrow(BackendError);
  await expect(result).rejects.toThrow(message);
  await expect(result).rejects.toThrow(
    /\n {2}indices must lie between 0 and the length of the axis minus 1; clamp or mask the others first$/,
  );
});

test("a step that fails while it runs changes nothing, and the next step works", async () => {
  const weight = parameter(tensor([1, 2]));
  const step = compile((index: Tensor) => {
    const taken = gather(weight, index);
    weight.assign(add(weight, 1));
    return taken;
  });
  await expect(step(indices(9))).rejects.toThrow(BackendError);
  expect([...(await weight.data())]).toEqual([1, 2]);
  expect(await (await step(indices(1))).item()).toBe(2);
  expect([...(await weight.data())]).toEqual([2, 3]);
});

test("a number of threads out of range and a dtype that the backend does not hold are errors", async () => {
  await expect(onnx({ threads: 0 })).rejects.toThrow(ArgumentError);
  await expect(add(tensor([1], { dtype: "float64" }), 1).data()).rejects.toThrow(
    /onnx has no "add" for float64\n {2}convert with cast\(x, "float32"\), or use another backend/,
  );
});
