import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { exp, realize, use, zeros } from "@ansatz/core";
import { expect, test } from "vitest";
import { cpu } from "./cpu.ts";

test("values can be collected after their backend was disposed", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const backend = await use(cpu());
  await (async () => realize(exp(zeros([1000]))))();
  expect(backend.memory().buffers).toBe(1);
  backend.dispose();
  await setTimeout(5); // the last task may still hold references
  collect(); // an error thrown by a finalizer fails the whole run
  await setTimeout(20);
  expect(backend.memory().buffers).toBe(0);
});
