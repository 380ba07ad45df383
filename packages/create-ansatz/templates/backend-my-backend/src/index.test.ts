import { cpu } from "@ansatz/backend-cpu";
import { add, realize, tensor, use } from "@ansatz/core";
import { testBackend } from "@ansatz/testkit";
import { expect, test } from "vitest";
import { myBackend } from "./index.ts";

testBackend(myBackend, { oracle: cpu });

test("a realization is one run, however many values it computes", async () => {
  const backend = myBackend();
  await use(backend);
  const sum = add(tensor([1, 2]), 3);
  await realize(sum, add(sum, sum));
  expect(backend.runs).toBe(1);
});
