import { BackendError } from "@ansatz/core";
import { describe } from "vitest";
import type { CreateBackend } from "./subjects.ts";

/**
 * Declares the same tests for each backend, by name. Those of an `optional` backend are skipped, with the reason in
 * their title, if it cannot be created on this machine; any other backend must work.
 *
 * Call it at the top of a test file:
 * `await onEachBackend({ cpu, onnx }, (create) => testModule(make, inputs, create))`.
 */
export async function onEachBackend(
  backends: Readonly<Record<string, CreateBackend>>,
  declare: (create: CreateBackend) => void,
  { optional = [] }: { readonly optional?: readonly string[] } = {},
): Promise<void> {
  for (const [name, create] of Object.entries(backends)) {
    const reason = optional.includes(name) ? await whyMissing(create) : undefined;
    const skipped = reason === undefined ? "" : `, skipped: ${reason}`;
    describe.skipIf(reason !== undefined)(`on ${name}${skipped}`, () => {
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
