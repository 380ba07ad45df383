import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { tfjsNode } from "@ansatz/backend-tfjs-node";
import { wasm } from "@ansatz/backend-wasm";
import { BackendError } from "@ansatz/core";
import type { Backend } from "@ansatz/core/plugin";
import { describe } from "vitest";

const backends: readonly (readonly [name: string, create: () => Backend | Promise<Backend>])[] = [
  ["cpu", cpu],
  ["onnx", onnx],
  ["wasm", wasm],
  ["tfjs-node", tfjsNode],
];

/** Declares tests for every backend. Those of tfjs-node are skipped, with the reason, if its native part is missing. */
export async function onEveryBackend(declare: (create: () => Backend | Promise<Backend>) => void): Promise<void> {
  const missing = await tfjsNode().then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof BackendError) return error.message;
      throw error;
    },
  );
  for (const [name, create] of backends) {
    const reason = name === "tfjs-node" ? missing : undefined;
    describe.skipIf(reason !== undefined)(`on ${name}${reason === undefined ? "" : `, skipped: ${reason}`}`, () => {
      declare(create);
    });
  }
}
