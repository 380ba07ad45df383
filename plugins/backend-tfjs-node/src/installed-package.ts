import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import type { Device } from "./native/build-folder.ts";

/** One of the two packages of tfjs-node, which differ only in what their own installers download. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

const names = { gpu: "@tensorflow/tfjs-node-gpu", cpu: "@tensorflow/tfjs-node" } as const;

/** The installed package of tfjs-node; the one for the device is preferred. */
export function installedPackage(device: Device | undefined): InstalledPackage | undefined {
  const require = createRequire(import.meta.url);
  for (const name of device === "cpu" ? [names.cpu, names.gpu] : [names.gpu, names.cpu]) {
    try {
      const manifest = require.resolve(`${name}/package.json`);
      const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
      return { name, version, folder: dirname(manifest) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  return undefined;
}
