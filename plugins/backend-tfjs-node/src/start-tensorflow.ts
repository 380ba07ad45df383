import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import util from "node:util";
import { BackendError } from "@ansatz/core";
import { findBinding, withBinding, type FoundBinding } from "./binding.ts";
import type { Device } from "./native/build-folder.ts";
import { nativeCommand } from "./native/native-command.ts";
import type { NodeBackend } from "./tensorflow.ts";

/** The part of the exports of tfjs-node that is used here. */
interface Tfjs {
  backend(): NodeBackend;
}

/** A running tfjs-node. */
export interface RunningTensorflow {
  readonly backend: NodeBackend;
  readonly device: Device;
  /** What computes, for people to read. */
  readonly description: string;
}

/**
 * Starts tfjs-node. A process can run only one TensorFlow.
 *
 * @throws BackendError if the package or its native part is missing or broken, or if a GPU was asked for and there is
 * none
 */
export function startTensorflow(wanted: Device | undefined): RunningTensorflow {
  const found = findBinding(wanted);
  prepareEnvironment(wanted);
  prepareUtil();
  const backend = start(found).backend();
  const device = backend.binding.isUsingGpuDevice() ? "gpu" : "cpu";
  if (wanted === "gpu" && device === "cpu") {
    throw new BackendError(
      "tfjs-node: TensorFlow finds no GPU\n" +
        `  check that nvidia-smi lists one, and build for it with ${nativeCommand(import.meta.url)} --device gpu; ` +
        'without device: "gpu" the CPU is used',
    );
  }
  return {
    backend,
    device,
    description:
      (device === "gpu" ? graphicsProcessor() : `CPU, ${threads(availableParallelism())}`) +
      `, TensorFlow ${backend.binding.TF_Version}`,
  };
}

const threads = (count: number): string => `${count} thread${count === 1 ? "" : "s"}`;

function start(found: FoundBinding): Tfjs {
  const { installed } = found;
  try {
    return withBinding(found, () => createRequire(import.meta.url)(installed.folder) as Tfjs);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BackendError(
      `tfjs-node: ${installed.name} ${installed.version} could not be loaded: ${reason}\n` +
        `  build its native part again with ${nativeCommand(import.meta.url)} --again`,
    );
  }
}

/** Sets environment variables that TensorFlow reads when it starts, unless the user has set them. */
function prepareEnvironment(wanted: Device | undefined): void {
  const { env } = process;
  if (wanted === "cpu") env["CUDA_VISIBLE_DEVICES"] = "-1";
  env["TF_FORCE_GPU_ALLOW_GROWTH"] ??= "true"; // allocates memory as it is needed, not all of it at once
  env["TF_DETERMINISTIC_OPS"] ??= "1"; // the same seed gives the same bits
  env["NVIDIA_TF32_OVERRIDE"] ??= "0"; // products keep the full 24 bits of float32
  env["TF_CPP_MIN_LOG_LEVEL"] ??= "2"; // errors only
}

/** tfjs-node 4.22 calls functions that Node 23 removed from `util`. */
function prepareUtil(): void {
  const known = util as { isNullOrUndefined?: (value: unknown) => boolean; isArray?: (value: unknown) => boolean };
  known.isNullOrUndefined ??= (value) => value === null || value === undefined;
  known.isArray ??= Array.isArray;
}

/** The name of the GPU, as its driver reports it. */
function graphicsProcessor(): string {
  const folder = "/proc/driver/nvidia/gpus";
  try {
    const [first = ""] = readdirSync(folder);
    const [, model] = /^Model:\s*(.+)$/m.exec(readFileSync(`${folder}/${first}/information`, "utf8")) ?? [];
    return model === undefined ? "GPU" : `GPU ${model}`;
  } catch {
    return "GPU"; // the system has no such folder
  }
}
