import { ArgumentError } from "@ansatz/core";
import type { Backend } from "@ansatz/core/plugin";
import { foldTransposes, tfjsBackend } from "@ansatz/tfjs";
import { startTensorflow, type RunningTensorflow } from "./start-tensorflow.ts";
import type { Device } from "./native/build-folder.ts";
import { tensorflowOps } from "./ops/index.ts";
import { engineOf } from "./tensorflow.ts";

export interface TfjsNodeOptions {
  /**
   * Where to compute. Default: the environment variable ANSATZ_TFJS_DEVICE, or else a GPU if there is one.
   */
  readonly device?: "cpu" | "gpu";
}

/** All backends of a process share one TensorFlow. */
let running: RunningTensorflow | undefined;

/**
 * The backend on TensorFlow, through @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node, on a GPU or the CPU. It holds
 * float32, int32, uint32 and bool.
 *
 * @throws BackendError if neither package is installed, the native part is missing or broken, or a GPU was asked for
 * and there is none
 * @throws ArgumentError if the device isn't "cpu" or "gpu", or differs from the device that this process started with
 */
export async function tfjsNode(options: TfjsNodeOptions = {}): Promise<Backend> {
  const wanted = deviceOf(options);
  running ??= startTensorflow(wanted);
  const { backend, device, description } = running;
  if (wanted !== undefined && wanted !== device)
    throw new ArgumentError(
      `tfjsNode: this process already runs TensorFlow on the ${device}, and cannot switch to the ${wanted}\n` +
        "  pass the device in the first call of tfjsNode(), or never",
    );
  return tfjsBackend("tfjs-node", engineOf(backend, description), {
    ops: tensorflowOps,
    rewrite: (graph) => foldTransposes(graph, () => true),
  });
}

function deviceOf({ device = process.env["ANSATZ_TFJS_DEVICE"] }: { readonly device?: string }): Device | undefined {
  if (device === undefined || device === "" || device === "cpu" || device === "gpu")
    return device === "" ? undefined : (device as Device | undefined);
  throw new ArgumentError(
    `tfjsNode: the device is "${device}"\n  use "cpu" or "gpu", as an option or in ANSATZ_TFJS_DEVICE`,
  );
}
