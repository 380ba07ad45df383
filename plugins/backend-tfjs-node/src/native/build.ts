import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BackendError } from "@ansatz/core";
import type { InstalledPackage } from "../installed-package.ts";
import { buildFolder, cacheFolder, findBuild, type Build, type Device } from "./build-folder.ts";
import { compileBinding } from "./compile-binding.ts";
import { download } from "./download.ts";
import { findWheel, type Wheel } from "./package-index.ts";
import { checkRequirements } from "./requirements.ts";
import { tryBuild, type Trial } from "./try.ts";
import { metadataOf, unpack } from "./unpack.ts";
import { requirementsOf } from "./versions.ts";

/** The version of TensorFlow that this plugin is tested with. */
export const testedTensorflow = "2.21.0";

export interface BuildOptions {
  readonly installed: InstalledPackage;
  readonly device: Device;
  /** TensorFlow's version. */
  readonly tensorflow: string;
  /** Reports progress, one line at a time. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Builds tfjs-node's native part against the C library in TensorFlow's wheel, and tries it. The build moves to its
 * final folder only when it is complete.
 *
 * @throws BackendError if something is missing or fails
 */
export async function build({ installed, device, tensorflow, say, signal }: BuildOptions): Promise<Trial> {
  checkRequirements(device);
  const folder = buildFolder(installed.version, device);
  const work = `${folder}.${process.pid}`;
  try {
    const [main, others] = await fetchWheels(device, tensorflow, say, signal);
    await unpack(main.path, work, placeOf, signal);
    for (const { path } of others)
      await unpack(path, work, (name) => (/^nvidia\/(?!.*\/include\/)/.test(name) ? name : undefined), signal);
    say("Compiling tfjs-node's native part.");
    const binding = join(work, "tfjs_binding.node");
    await compileBinding(
      join(installed.folder, "binding"),
      join(work, "headers"),
      join(work, "tensorflow"),
      binding,
      signal,
    );
    say("Trying it.");
    const trial = await tryBuild(binding, signal);
    if (device === "gpu" && !trial.gpu)
      throw new BackendError(
        "the build works, but TensorFlow finds no GPU that it can use\n" +
          "  check that nvidia-smi lists one, with driver version 525 or newer; --device cpu builds for the CPU",
      );
    rmSync(join(work, "headers"), { recursive: true });
    const wheels = [main, ...others].map(({ name }) => name);
    const record = { tfjs: installed.version, tensorflow: trial.version, wheels };
    writeFileSync(join(work, "build.json"), `${JSON.stringify(record, null, 2)}\n`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(work, folder);
    for (const { path } of [main, ...others]) rmSync(path);
    return trial;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The finished build, if it has this version of TensorFlow and still works. */
export async function workingBuild({
  installed,
  device,
  tensorflow,
  signal,
}: Omit<BuildOptions, "say">): Promise<(Build & Trial) | undefined> {
  const found = findBuild(installed.version, device);
  if (found?.tensorflow !== tensorflow) return undefined;
  return { ...found, ...(await tryBuild(found.binding, signal)) };
}

interface FetchedWheel extends Wheel {
  readonly path: string;
}

/** TensorFlow's wheel, and for a GPU the wheels that it requires with the extra "and-cuda". */
async function fetchWheels(
  device: Device,
  tensorflow: string,
  say: BuildOptions["say"],
  signal: AbortSignal,
): Promise<readonly [FetchedWheel, readonly FetchedWheel[]]> {
  const pinned = tensorflow === testedTensorflow;
  const fetched = async (project: string, versions: string): Promise<FetchedWheel> => {
    const wheel = await findWheel(project, versions, { pinned, signal });
    const path = join(cacheFolder(), "downloads", wheel.name);
    await download(wheel, path, signal);
    return { ...wheel, path };
  };
  mkdirSync(cacheFolder(), { recursive: true });
  if (!pinned) say(`The checksums of TensorFlow ${tensorflow} aren't known here; those of the package index are used.`);
  say(`Downloading TensorFlow ${tensorflow}${device === "gpu" ? " with CUDA" : ""} into ${cacheFolder()}.`);
  const main = await fetched(device === "gpu" ? "tensorflow" : "tensorflow-cpu", `==${tensorflow}`);
  const others: FetchedWheel[] = [];
  if (device === "gpu") {
    for (const { project, versions } of requirementsOf(await metadataOf(main.path), "and-cuda"))
      others.push(await fetched(project, versions));
  }
  return [main, others];
}

/** Where a file of TensorFlow's wheel goes: only the C library and its headers are needed. */
function placeOf(name: string): string | undefined {
  if (/^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/.test(name)) return name;
  return /^tensorflow\/include\/(tensorflow\/(c|core\/platform)|tsl|xla\/tsl)\//.test(name)
    ? name.replace("tensorflow/include", "headers")
    : undefined;
}
