import { cpu } from "@ansatz/backend-cpu";
import { grad, mul, Optimizer, parameter, realize, sum, tensor, use } from "@ansatz/core";
import { testUpdateRule } from "@ansatz/testkit";
import { expect, test } from "vitest";
import { myRule } from "./index.ts";

testUpdateRule(myRule, cpu);

test("the second step builds on the first one", async () => {
  await use(cpu());
  const weight = parameter(tensor([1]));
  const optimizer = new Optimizer([weight], myRule, { learningRate: 0.25, momentum: 0.5 });
  for (const gradient of [2, 1]) {
    optimizer.update(grad(sum(mul(weight, gradient)), [weight]));
    await realize();
  }
  // m = 2, then ½ · 2 + 1 = 2: twice a quarter of 2.
  expect([...(await weight.data())]).toEqual([0]);
});
