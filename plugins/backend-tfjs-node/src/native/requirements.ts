import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, statfsSync } from "node:fs";
import { BackendError } from "@ansatz/core";
import { cacheFolder, type Device } from "./build-folder.ts";
import { compiler } from "./compile-binding.ts";

/** The disk space that downloads and unpacked files need, in bytes. */
const neededSpace = { cpu: 1.5e9, gpu: 10e9 } as const;

/**
 * Checks everything that a build needs before anything is downloaded.
 *
 * @throws BackendError that lists everything that is missing
 */
export function checkRequirements(device: Device): void {
  const missing = [platformProblem(), compilerProblem(), spaceProblem(device), driverProblem(device)].filter(
    (problem) => problem !== undefined,
  );
  if (missing.length > 0) throw new BackendError(missing.join("\n"));
}

function platformProblem(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") {
    return (
      `this command builds only on Linux on x86_64, and this is ${process.platform} on ${process.arch}\n` +
      "  try npm rebuild @tensorflow/tfjs-node, which downloads TensorFlow 2.9 for some systems"
    );
  }
  Object.assign(process.report, { excludeNetwork: true }); // otherwise it may look up host names, which is slow
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const [major = 0, minor = 0] = (header?.glibcVersionRuntime ?? "").split(".").map(Number);
  if (major > 2 || (major === 2 && minor >= 27)) return undefined;
  return (
    `TensorFlow needs glibc 2.27 or newer; this system has ${header?.glibcVersionRuntime ?? "another C library"}\n` +
    "  use a newer system, or a container with one"
  );
}

function compilerProblem(): string | undefined {
  try {
    execFileSync(compiler(), ["-std=c++17", "-fsyntax-only", "-x", "c++", "-"], {
      input: "#include <memory>\n",
      stdio: ["pipe", "ignore", "ignore"],
    });
    return undefined;
  } catch {
    return (
      `there is no C++17 compiler "${compiler()}"\n` +
      "  install one (apt-get install g++, dnf install gcc-c++), or set CXX to the name of yours"
    );
  }
}

function spaceProblem(device: Device): string | undefined {
  const folder = cacheFolder();
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = statfsSync(folder);
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  if (bavail * bsize >= neededSpace[device]) return undefined;
  return (
    `${folder} has ${gigabytes(bavail * bsize)} of free space, and ${gigabytes(neededSpace[device])} are needed\n` +
    "  free some space, or set XDG_CACHE_HOME to another folder"
  );
}

function driverProblem(device: Device): string | undefined {
  if (device === "cpu" || existsSync("/proc/driver/nvidia/version") || existsSync("/dev/dxg")) return undefined;
  return "there is no NVIDIA driver here\n  install one first, or build with --device cpu";
}
