import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendError } from "@ansatz/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { findBinding } from "./binding.ts";
import { installedPackage } from "./installed-package.ts";
import { startTensorflow } from "./start-tensorflow.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "builds-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Creates a folder that looks like a finished build. */
function pretend(device: "cpu" | "gpu", binding: string): string {
  const build = join(folder, "ansatz", "tfjs-native", `tfjs-${installedPackage(device)!.version}-${device}`);
  mkdirSync(build, { recursive: true });
  writeFileSync(join(build, "build.json"), JSON.stringify({ tensorflow: "2.21.0" }));
  writeFileSync(join(build, "tfjs_binding.node"), binding);
  return join(build, "tfjs_binding.node");
}

test("without a native part, the error says what is missing and the command that installs it", () => {
  expect(() => findBinding(undefined)).toThrow(BackendError);
  expect(() => findBinding("cpu")).toThrow(
    /^tfjs-node: @tensorflow\/tfjs-node 4\.22\.\d+ is installed without its native part\n {2}npx pnpm@10 tfjs-native$/,
  );
  expect(() => findBinding("gpu")).toThrow(/without a native part for GPUs\n {2}npx pnpm@10 tfjs-native --device gpu$/);
});

test("the build for the device is used, and a build for GPUs first", () => {
  const cpu = pretend("cpu", "");
  expect(findBinding(undefined).path).toBe(cpu);
  expect(() => findBinding("gpu")).toThrow(/--device gpu/);
  const gpu = pretend("gpu", "");
  expect(findBinding(undefined).path).toBe(gpu);
  expect(findBinding("cpu").path).toBe(cpu);
});

test("the package of the device is preferred", () => {
  expect(installedPackage("cpu")!.name).toBe("@tensorflow/tfjs-node");
  expect(installedPackage(undefined)!.name).toBe("@tensorflow/tfjs-node-gpu");
});

test("a broken native part is an error with the reason and the fix", () => {
  pretend("cpu", "no library");
  expect(() => startTensorflow("cpu")).toThrow(
    /^tfjs-node: @tensorflow\/tfjs-node 4\.22\.\d+ could not be loaded: .*\n {2}build its native part again with npx/,
  );
});
