#!/usr/bin/env node
/** The command `ansatz-tfjs-native`. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { AnsatzError, ArgumentError, BackendError } from "@ansatz/core";
import { installedPackage } from "../installed-package.ts";
import { build, testedTensorflow, workingBuild } from "./build.ts";
import { buildFolder, cacheFolder, type Device } from "./build-folder.ts";
import { whileAlone } from "./lock.ts";
import type { Trial } from "./try.ts";

const help = `ansatz-tfjs-native: builds the native part of @tensorflow/tfjs-node on a current TensorFlow

It downloads 0.3 GB (3 GB with CUDA) and builds in the user's cache folder, for all projects.
A second call does nothing if the build is already there.

  --device cpu|gpu        the device to build for (default: gpu if there is an NVIDIA driver, else cpu)
  --tensorflow VERSION    the version of TensorFlow (default: ${testedTensorflow})
  --again                 build again even if there is a build
  --help                  show this text`;

const stop = new AbortController();
for (const event of ["SIGINT", "SIGTERM"] as const) process.once(event, () => stop.abort());
try {
  await run(process.argv.slice(2), stop.signal);
} catch (error) {
  if (!stop.signal.aborted && !(error instanceof AnsatzError)) throw error;
  console.error(
    stop.signal.aborted
      ? "\nStopped. What was downloaded is kept; run the command again to resume."
      : (error as Error).message,
  );
  process.exitCode = stop.signal.aborted ? 130 : 1;
}

async function run(words: readonly string[], signal: AbortSignal): Promise<void> {
  const given = parsed(words);
  if (given.help) return console.log(help);
  const device = deviceOf(given.device);
  const installed = installedPackage(device);
  if (installed === undefined)
    throw new BackendError(
      "neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed here\n" +
        "  npm install --ignore-scripts @tensorflow/tfjs-node",
    );
  const options = { installed, device, tensorflow: given.tensorflow, signal, say: (line: string) => console.log(line) };
  const waiting = (owner: number): void =>
    console.log(`Waiting for another ansatz-tfjs-native to finish (process ${owner}).`);
  await whileAlone(join(cacheFolder(), "lock"), waiting, signal, async () => {
    const found = given.again ? undefined : await workingBuild(options);
    if (found !== undefined) report("Already built:", installed.version, device, found);
    else report("Built:", installed.version, device, await build(options));
  });
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        device: { type: "string" },
        tensorflow: { type: "string", default: testedTensorflow },
        again: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new ArgumentError(
      `${(error as Error).message.split(". ")[0]}\n  ansatz-tfjs-native --help lists the options`,
    );
  }
}

function report(what: string, tfjs: string, device: Device, { version, gpu }: Trial): void {
  console.log(
    `${what} tfjs-node ${tfjs} on TensorFlow ${version}, computing on the ${gpu ? "GPU" : "CPU"}.\n` +
      `  ${buildFolder(tfjs, device)}`,
  );
}

function deviceOf(given: string | undefined): Device {
  if (given === undefined) return existsSync("/proc/driver/nvidia/version") ? "gpu" : "cpu";
  if (given === "cpu" || given === "gpu") return given;
  throw new ArgumentError(`there is no device "${given}"\n  use --device cpu or --device gpu`);
}
