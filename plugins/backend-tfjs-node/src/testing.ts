import { BackendError } from "@ansatz/core";
import { findBinding } from "./binding.ts";
import { describe } from "vitest";

/** Declares tests that need the native part. If it is missing, they are skipped with a warning that says why. */
export function withNativePart(declare: () => void): void {
  const reason = missing();
  if (reason !== undefined) console.warn(`Tests are skipped. ${reason}`);
  describe.skipIf(reason !== undefined)(`native part${reason === undefined ? "" : `, skipped: ${reason}`}`, () => {
    declare();
  });
}

function missing(): string | undefined {
  try {
    findBinding(undefined);
    return undefined;
  } catch (error) {
    if (error instanceof BackendError) return error.message;
    throw error;
  }
}
