import { ArgumentError } from "@ansatz/core";
import type { Backend } from "@ansatz/core/plugin";
import { foldTransposes, tfjsBackend } from "@ansatz/tfjs";
import { load, type Loaded } from "./load.ts";
import type { Device } from "./native/build-folder.ts";
import { tensorflowOps } from "./ops/index.ts";
import { engineOf } from "./tensorflow.ts";

export interface TfjsNodeOptions {
  /**
   * Where to compute: a GPU where there is one, unless given. The environment variable ANSATZ_TFJS_DEVICE says the
   * same.
   */
  readonly device?: "cpu" | "gpu";
}

/** A process has one TensorFlow, which all backends share. */
let running: Loaded | undefined;

/**
 * The backend on TensorFlow by @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node, on a GPU or the CPU. It holds
 * float32, int32, uint32 and bool.
 *
 * @throws BackendError when neither package is installed, its native part is missing or broken, or there is no GPU
 * where one was asked for
 * @throws ArgumentError when the device is neither "cpu" nor "gpu", or another one than the process began with
 */
export async function tfjsNode(options: TfjsNodeOptions = {}): Promise<Backend> {
  const wanted = deviceOf(options);
  running ??= load(wanted);
  const { backend, device, description } = running;
  if (wanted !== undefined && wanted !== device)
    throw new ArgumentError(
      `tfjsNode: this process runs TensorFlow on the ${device}, and cannot begin again on the ${wanted}\n  give the device the first time, or not at all`,
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
