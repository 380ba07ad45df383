import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { BackendError } from "@ansatz/core";
import { installedPackage, type InstalledPackage } from "./installed-package.ts";
import { findBuild, type Device } from "./native/build-folder.ts";
import { nativeCommand } from "./native/native-command.ts";

/** The function, in a dependency of both packages, by which they find their native part. */
interface PreBinding {
  find: (manifest: string) => string;
}

/** An installed package and its native part. */
export interface FoundBinding {
  readonly installed: InstalledPackage;
  /** The native part. */
  readonly path: string;
}

/**
 * Finds tfjs-node and its native part: one that `ansatz-tfjs-native` built, or else the one that the package's own
 * installer downloaded.
 *
 * @throws BackendError if either is missing, with the command that installs it
 */
export function findBinding(device: Device | undefined): FoundBinding {
  const installed = installedPackage(device);
  if (installed === undefined) {
    throw new BackendError(
      "tfjs-node: neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed\n" +
        `  npm install --ignore-scripts @tensorflow/tfjs-node && ${nativeCommand(import.meta.url)}`,
    );
  }
  const devices: readonly Device[] =
    device === undefined ? ["gpu", "cpu"] : device === "gpu" ? ["gpu"] : ["cpu", "gpu"];
  for (const wanted of devices) {
    const build = findBuild(installed.version, wanted);
    if (build !== undefined) return { installed, path: build.binding };
  }
  const own = preBindingOf(installed).find(join(installed.folder, "package.json"));
  if (existsSync(own)) return { installed, path: own };
  const what = device === "gpu" ? "a native part for GPUs" : "its native part";
  throw new BackendError(
    `tfjs-node: ${installed.name} ${installed.version} is installed without ${what}\n` +
      `  ${nativeCommand(import.meta.url)}${device === "gpu" ? " --device gpu" : ""}`,
  );
}

/** Runs `load` while the package uses the native part at `path`. */
export function withBinding<R>({ installed, path }: FoundBinding, load: () => R): R {
  const preBinding = preBindingOf(installed);
  const { find } = preBinding;
  preBinding.find = () => path;
  try {
    return load();
  } finally {
    preBinding.find = find;
  }
}

function preBindingOf({ folder }: InstalledPackage): PreBinding {
  return createRequire(join(folder, "package.json"))("@mapbox/node-pre-gyp/lib/pre-binding.js") as PreBinding;
}
