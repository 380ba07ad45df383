import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { tfjsNode } from "@ansatz/backend-tfjs-node";
import { wasm } from "@ansatz/backend-wasm";
import { BackendError, type Tensor } from "@ansatz/core";
import type { CreateBackend } from "@ansatz/testkit";
import { describe, expect } from "vitest";

/** Declares tests for each backend. One whose native part is missing on this machine is skipped with the reason. */
export async function onEachBackend(declare: (backend: CreateBackend) => void): Promise<void> {
  for (const [name, create] of Object.entries({ cpu, onnx, wasm, "tfjs-node": tfjsNode })) {
    const reason = await whyMissing(create);
    if (reason !== undefined) console.warn(`Tests on ${name} are skipped. ${reason}`);
    describe.skipIf(reason !== undefined)(`on ${name}`, () => {
      declare(create);
    });
  }
}

async function whyMissing(create: CreateBackend): Promise<string | undefined> {
  try {
    (await create()).dispose();
    return undefined;
  } catch (error) {
    if (error instanceof BackendError) return error.message;
    throw error;
  }
}

/** Compares all elements, relative to the largest expected one if that is above 1. */
export async function expectClose(actual: Tensor, expected: Tensor, tolerance = 1e-5): Promise<void> {
  expect(actual.shape).toEqual(expected.shape);
  const [found, wanted] = [await actual.data(), await expected.data()];
  const scale = Math.max(1, ...Array.from(wanted, Math.abs));
  let largest = 0;
  for (const [i, value] of wanted.entries()) largest = Math.max(largest, Math.abs(found[i]! - value));
  expect(largest).toBeLessThanOrEqual(tolerance * scale);
}
