import { cpu } from "@ansatz/backend-cpu";
import { key, normal, ones, ShapeError, tensor, use } from "@ansatz/core";
import { testModule } from "@ansatz/testkit";
import { expect, test } from "vitest";
import { MyLayer } from "./index.ts";

testModule(
  () => new MyLayer(3),
  () => [normal(key(1), [4, 3])],
  cpu,
);

test("each feature has its own scale and shift", async () => {
  await use(cpu());
  const layer = new MyLayer(2);
  layer.weight.load(Float32Array.of(2, -1));
  layer.bias.load(Float32Array.of(0, 10));
  expect(
    await layer
      .forward(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      )
      .array(),
  ).toEqual([
    [2, 8],
    [6, 6],
  ]);
  expect(() => layer.forward(ones([4, 3]))).toThrow(ShapeError);
});
