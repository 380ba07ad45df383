import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The device to compute on, with TensorFlow's CPU build or its CUDA build. */
export type Device = "cpu" | "gpu";

/** A finished build. */
export interface Build {
  /** The path of the native part. */
  readonly binding: string;
  readonly device: Device;
  /** TensorFlow's version. */
  readonly tensorflow: string;
}

/** The folder for builds and downloads, in the user's cache folder. All projects of a user share it. */
export function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "ansatz", "tfjs-native");
}

/** The folder of the build for one version of tfjs-node. */
export function buildFolder(tfjs: string, device: Device): string {
  return join(cacheFolder(), `tfjs-${tfjs}-${device}`);
}

/** The finished build for one version of tfjs-node, if there is one. */
export function findBuild(tfjs: string, device: Device): Build | undefined {
  const folder = buildFolder(tfjs, device);
  const record = join(folder, "build.json");
  if (!existsSync(record)) return undefined;
  const { tensorflow } = JSON.parse(readFileSync(record, "utf8")) as { tensorflow: string };
  return { binding: join(folder, "tfjs_binding.node"), device, tensorflow };
}
