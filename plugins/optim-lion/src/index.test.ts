import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import {
  grad,
  mul,
  Optimizer,
  parameter,
  realize,
  square,
  sum,
  tensor,
  use,
  type OptimizerState,
  type Parameter,
} from "@ansatz/core";
import { testUpdateRule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { lion } from "./index.ts";

testUpdateRule(lion, cpu);
testUpdateRule(lion, onnx);

/** One step with exactly the given gradient. */
async function step(optimizer: Optimizer, own: Parameter, gradient: readonly number[]): Promise<void> {
  optimizer.update(grad(sum(mul(own, tensor([...gradient]))), [own]));
  await realize();
}

/** What an optimizer keeps for each element, in bytes. */
function bytesOf({ state }: OptimizerState): number {
  return Object.values(state).reduce((bytes, { data }) => bytes + data.byteLength, 0);
}

describe.each([
  ["cpu", cpu],
  ["onnx", onnx],
] as const)("lion on %s", (_name, backend) => {
  beforeAll(async () => use(await backend()));

  test("every coordinate moves by exactly the learning rate, however large its gradient", async () => {
    const start = [0.5, -1, 3, 0];
    const own = parameter(tensor(start));
    const optimizer = new Optimizer([own], lion, { learningRate: 0.125 });
    await step(optimizer, own, [1e-6, -1e6, 2, -0.25]);
    expect([...(await own.data())]).toEqual([0.375, -0.875, 2.875, 0.125]);
  });

  test("a coordinate without a gradient stays where it is: sign(0) is 0", async () => {
    const own = parameter(tensor([2, 2]));
    const optimizer = new Optimizer([own], lion, { learningRate: 0.125 });
    await step(optimizer, own, [0, 1]);
    expect([...(await own.data())]).toEqual([2, 1.875]);
  });

  test("c uses beta1 and the old moment; then the moment moves by beta2", async () => {
    const own = parameter(tensor([1, 1]));
    const optimizer = new Optimizer([own], lion, { learningRate: 0.25, beta1: 0.5, beta2: 0.75 });
    // m = 0, so c = ½ g = [2, 2] and θ moves by −¼; then m = ¼ g = [1, 1].
    await step(optimizer, own, [4, 4]);
    expect([...(await own.data())]).toEqual([0.75, 0.75]);
    expect([...(await optimizer.stateDict()).state["0.m"]!.data]).toEqual([1, 1]);
    // c = ½ m + ½ g = [−½, ⅛]. With beta2 the first would be +¼; made of the next m, [¼, 9/16], the second would be
    // −3/32.
    await step(optimizer, own, [-2, -0.75]);
    expect([...(await own.data())]).toEqual([1, 0.5]);
    expect([...(await optimizer.stateDict()).state["0.m"]!.data]).toEqual([0.25, 0.5625]);
  });

  test("decay is decoupled: it shrinks the parameter and leaves the moment alone", async () => {
    const own = parameter(tensor([4]));
    const optimizer = new Optimizer([own], lion, { learningRate: 0.25, weightDecay: 0.5 });
    await step(optimizer, own, [0]);
    expect([...(await own.data())]).toEqual([3.5]);
    expect([...(await optimizer.stateDict()).state["0.m"]!.data]).toEqual([0]);
  });
});

test("its state takes half of the bytes of AdamW's", async () => {
  await use(cpu());
  const own = parameter(tensor([1, 2, 3]));
  const optimizer = new Optimizer([own], lion, { learningRate: 0.1 });
  optimizer.update(grad(sum(square(own)), [own]));
  await realize();
  const adamwBytes = 2 * 3 * Float32Array.BYTES_PER_ELEMENT; // m and v
  expect(bytesOf(await optimizer.stateDict())).toBe(adamwBytes / 2);
});
