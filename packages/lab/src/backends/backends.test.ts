import { execFile } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { cpu } from "@ansatz/backend-cpu";
import { wasm } from "@ansatz/backend-wasm";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { folders } from "../experiment/testing.ts";
import { UsageError } from "../settings.ts";
import { fastestBackend, namedBackend } from "./choose-backend.ts";
import { BrokenBackendError, createBackend } from "./create-backend.ts";
import { findBackend, installedBackends, packageOf } from "./installed.ts";
import { opNames } from "@ansatz/core/plugin";
import { opsByKind } from "./op-kinds.ts";
import { measureSpeed } from "./speed.ts";
import { useFastest } from "./use-fastest.ts";

const newFolder = folders();
const own = join(import.meta.dirname, "../../node_modules/@ansatz");

/** A folder where backend-cpu works, and other backends fail in different ways. */
let place: string;
beforeAll(() => {
  place = newFolder();
  const scope = join(place, "node_modules/@ansatz");
  mkdirSync(scope, { recursive: true });
  for (const name of ["core", "backend-cpu"]) symlinkSync(join(own, name), join(scope, name), "junction");
  writePackage("backend-wasm", 'throw new Error("the module is missing");');
  writePackage("backend-abort", "process.abort();");
  writePackage("backend-empty", "export const version = 3;");
});

function writePackage(name: string, code: string): void {
  const folder = join(place, "node_modules/@ansatz", name);
  mkdirSync(folder);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: `@ansatz/${name}`, version: "9.8.7", type: "module", exports: "./index.js" }),
  );
  writeFileSync(join(folder, "index.js"), code);
}

afterEach(() => vi.unstubAllEnvs());

describe("what is installed", () => {
  test("a short name is a package of Ansatz, any other name stands for itself", () => {
    expect(["wasm", "quick", "@me/backend-quick", "backend-quick", "./mine.ts"].map(packageOf)).toEqual([
      "@ansatz/backend-wasm",
      "@ansatz/backend-quick",
      "@me/backend-quick",
      "backend-quick",
      "./mine.ts",
    ]);
  });

  test("backends are found with their versions, unknown ones too", () => {
    expect(installedBackends([place]).map(({ name }) => name)).toEqual(["wasm", "cpu", "abort", "empty"]);
    expect(findBackend("wasm", [join(place, "node_modules")])).toMatchObject({
      package: "@ansatz/backend-wasm",
      version: "9.8.7",
    });
    expect(findBackend("tfjs-node", [place])).toBeUndefined();
  });
});

describe("a named backend", () => {
  test("is created by the export with its name", async () => {
    expect((await namedBackend("cpu", [place])).name).toBe("cpu");
    const file = join(place, "two-words.mjs");
    writeFileSync(
      file,
      'export const other = () => ({ name: "other" });' +
        'export const twoWords = (options) => ({ name: "two", ...options });',
    );
    expect(await createBackend({ name: "two-words", entry: file }, { threads: 3 })).toEqual({
      name: "two",
      threads: 3,
    });
  });

  test.for([
    [
      "tfjs-node",
      UsageError,
      /tfjs-node is not installed for .*\n {2}install it there: npm install @ansatz\/backend-tfjs-node$/,
    ],
    ["tfjs-nod", UsageError, /did you mean tfjs-node\?$/],
    [
      "nothing-like-it",
      UsageError,
      /the backends are onnx, tfjs-node, wasm, cpu; for another one, give the name of its package$/,
    ],
    [
      "wasm",
      BrokenBackendError,
      /does not work: the module is missing\n {2}install it again, npm install \S+-wasm, or choose another backend$/,
    ],
    ["empty", BrokenBackendError, /it does not export a function that creates a backend\n {2}install it again/],
  ] as const)("%s is refused, with a way to fix it", async ([name, kind, message]) => {
    const thrown: unknown = await namedBackend(name, [place]).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(kind);
    expect((thrown as Error).message).toMatch(message);
  });
});

describe("the fastest backend", () => {
  test("is one that works; the reason names it, and the backends that fail", async () => {
    const { backend, reason } = await fastestBackend([place]);
    expect(backend.name).toBe("cpu");
    expect(reason).toMatch(
      /^cpu is the fastest backend here: [\d.]+ ms for a .* step, wasm does not work \(.*\), abort does not work/,
    );
  });

  test("is the one with the shortest step", async () => {
    const { backend, reason } = await fastestBackend([import.meta.dirname]);
    const [fastest, ...others] = [...reason.matchAll(/([\d.]+) ms/g)].map(([, time]) => Number(time));
    expect(reason).toMatch(new RegExp(`^${backend.name} is the fastest backend here: .*, cpu takes [\\d.]+ ms`));
    expect(others.length).toBeGreaterThanOrEqual(2);
    expect(Math.min(...others)).toBeGreaterThanOrEqual(fastest!);
  });

  test("is overridden by ANSATZ_BACKEND", async () => {
    vi.stubEnv("ANSATZ_BACKEND", "cpu");
    expect(await useFastest()).toMatchObject({ backend: { name: "cpu" }, reason: "ANSATZ_BACKEND names cpu" });
    vi.stubEnv("ANSATZ_BACKEND", "cup");
    await expect(useFastest()).rejects.toThrow(/the backend cup is not installed .*\n {2}did you mean cpu\?/);
  });

  test("does not exist if no backend is installed", async () => {
    await expect(fastestBackend([newFolder()])).rejects.toThrow(
      /no backend is installed for .*\n {2}install one there: npm install @ansatz\/backend-onnx/,
    );
  });
});

describe("ansatz backends", () => {
  test("lists all backends, measures those that work, and says what is wrong with the others", async () => {
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
    const words = [
      "--import",
      tsx,
      "--conditions=source",
      join(import.meta.dirname, "../command/index.ts"),
      "backends",
    ];
    const run = async (...more: string[]) =>
      (
        await promisify(execFile)(process.execPath, [...words, ...more], {
          cwd: place,
          env: { ...process.env, NODE_OPTIONS: "", NODE_PATH: "" },
        })
      ).stdout;
    const { installed, missing } = JSON.parse(await run("--json")) as {
      installed: Record<string, unknown>[];
      missing: Record<string, unknown>[];
    };
    const found = Object.fromEntries(installed.map((one) => [one["name"], one]));
    expect(found["cpu"]).toMatchObject({
      works: true,
      device: "JavaScript, 1 thread",
      ops: { native: 0, own: 63, composed: opNames().length - 63 },
      speed: { gigaflops: expect.any(Number), stepMilliseconds: expect.any(Number) },
    });
    expect(found["wasm"]).toMatchObject({
      works: false,
      version: "9.8.7",
      reason: expect.stringContaining("the module is missing"),
    });
    expect(found["abort"]).toMatchObject({ works: false, reason: expect.stringContaining("ended by SIGABRT") });
    expect(missing.map(({ name }) => name)).not.toContain("cpu");
    for (const { name, install } of missing) expect(install).toBe(`npm install @ansatz/backend-${String(name)}`);
    rmSync(join(place, "node_modules/@ansatz/backend-abort"), { recursive: true });
    const text = await run();
    expect(text).toMatch(/^cpu +\S+ +JavaScript, 1 thread +0 +63 +\d+ +[\d.]+ GFLOP\/s +[\d.]+ ms$/m);
    expect(text).toMatch(/^wasm 9\.8\.7 does not work:\n {2}the module is missing\n {4}install it again/m);
  });
});

describe("a backend", () => {
  test("executes each op of core in one of three ways", async () => {
    for (const backend of [cpu(), await wasm()]) {
      const { native, own: plain, composed } = opsByKind(backend);
      expect([...native, ...plain, ...composed].toSorted()).toEqual(opNames());
      for (const op of composed) expect(backend.dtypes.some((dtype) => backend.supports(op, dtype))).toBe(false);
    }
    expect(opsByKind(cpu()).native).toEqual([]);
    expect(opsByKind(await wasm())).toMatchObject({
      native: expect.arrayContaining(["matmul", "concat"]),
      own: expect.arrayContaining(["sort", "exp"]),
      composed: expect.arrayContaining(["softplus"]),
    });
  });

  test("can be measured", async () => {
    const { gigaflops, stepMilliseconds } = await measureSpeed(cpu(), { milliseconds: 1 });
    expect(gigaflops).toBeGreaterThan(0);
    expect(stepMilliseconds).toBeGreaterThan(0);
  });
});
