import { fileURLToPath } from "node:url";
import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { tfjsNode } from "@ansatz/backend-tfjs-node";
import { wasm } from "@ansatz/backend-wasm";
import { loadSafetensors } from "@ansatz/data";
import { onEachBackend, type CreateBackend } from "@ansatz/testkit";

/** Declares tests for every backend. Those of tfjs-node are skipped, with the reason, if its native part is missing. */
export function onEveryBackend(declare: (create: CreateBackend) => void): Promise<void> {
  return onEachBackend({ cpu, onnx, wasm, "tfjs-node": tfjsNode }, declare, { optional: ["tfjs-node"] });
}

/** What reference/record.py recorded. */
export const { tensors: recorded } = await loadSafetensors(
  fileURLToPath(new URL("../reference/soap.safetensors", import.meta.url)),
);

/** The recorded paths of a setting, one for each shape: "plain/matrix". */
export const paths = Object.keys(recorded).filter((path) => !/^(start|gradients)/.test(path));
