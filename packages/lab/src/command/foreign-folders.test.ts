/** Folders of runs and sweeps that somebody else may have written: no code that only they name is imported. */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { folders } from "../experiment/testing.ts";
import { ansatz } from "./testing.ts";

const newFolder = folders();
const small = pathToFileURL(join(import.meta.dirname, "../testing/small-experiment.ts")).href;
const settings = { steps: 3, seed: 1 };
let place = "";
/** What foreign code leaves behind when it is imported. */
let mark = "";

function put(path: string, content: string | object): string {
  const whole = join(place, path);
  mkdirSync(join(whole, ".."), { recursive: true });
  writeFileSync(whole, typeof content === "string" ? content : JSON.stringify(content));
  return whole;
}

/** An experiment, or a backend, that leaves the mark. */
const foreign = (): string =>
  `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(mark)}, "");\n` +
  `export { default } from ${JSON.stringify(small)};\n`;

beforeEach(() => {
  place = newFolder();
  mark = join(newFolder(), "imported");
  put("package.json", '{ "type": "module" }');
  put("experiments/adding/index.ts", `export { default } from ${JSON.stringify(small)};\n`);
  symlinkSync(join(import.meta.dirname, "../../node_modules"), join(place, "node_modules"), "junction");
});

describe("ansatz run --resume", () => {
  test.for([
    ["a path in its folder", (path: string) => ({ experiment: "adding", source: path })],
    ["a path from here", (path: string) => ({ experiment: "adding", source: relative(place, path) })],
    ["a path as its name", (path: string) => ({ experiment: relative(place, path) })],
    ["a folder as its name", (path: string) => ({ experiment: join(path, "..") })],
  ] as const)("does not import an experiment that is named by %s", async ([, recordOf]) => {
    const path = put("runs/foreign/1/index.ts", foreign());
    put("runs/foreign/1/settings.json", settings);
    put("runs/foreign/1/run.json", recordOf(path));
    const words = ["run", "--resume", "runs/foreign/1"];
    const { status, errors } = await ansatz(words, place);
    expect(errors).toMatch(
      /^RunError: runs\/foreign\/1 names the experiment .*, which is neither in this workspace nor /,
    );
    expect(errors).toMatch(/\n {2}resuming would run that file; if you trust it, add --trust, or name it yourself: /);
    expect([status, existsSync(mark)]).toEqual([1, false]);
    expect(await ansatz([...words, "--trust", "--quiet", "--backend", "cpu"], place)).toMatchObject({ status: 0 });
    expect(existsSync(mark)).toBe(true);
  });

  test("does not import an experiment of the workspace if it lies in the run's own folder", async () => {
    const path = put("experiments/unpacked/index.ts", foreign());
    put("experiments/unpacked/settings.json", settings);
    put("experiments/unpacked/run.json", { experiment: "unpacked", source: path });
    expect((await ansatz(["run", "--resume", "experiments/unpacked"], place)).status).toBe(1);
    expect(existsSync(mark)).toBe(false);
  });

  test("imports experiments of the workspace and of the package here, and no backend by its path", async () => {
    const backend = put("runs/adding/1/backend.js", foreign());
    for (const [i, [experiment, source]] of [
      ["adding", join(place, "experiments/adding/index.ts")],
      ["adding", "/nowhere/index.ts"],
      ["own", put("src/index.ts", `export { default } from ${JSON.stringify(small)};\n`)],
    ].entries()) {
      put(`runs/a=b/${i}/settings.json`, settings);
      put(`runs/a=b/${i}/run.json`, { experiment, source, backend: i === 2 ? "cpu" : [backend, "./backend.js"][i] });
      const resumed = await ansatz(["run", `--resume=runs/a=b/${i}`, "--quiet"], { cwd: place, backend: "cpu" });
      expect(resumed).toMatchObject({ status: 0, errors: "" });
    }
    expect(existsSync(mark)).toBe(false);
  });

  test("takes --trust only where it means something", async () => {
    for (const words of [
      ["adding", "--trust"],
      ["adding", "--resume", "runs/adding/1", "--trust"],
    ])
      expect(await ansatz(["run", ...words], place)).toMatchObject({
        status: 2,
        errors: expect.stringContaining("--trust is for an experiment that only the folder of --resume names"),
      });
  });
});

describe("ansatz sweep --resume", () => {
  const sweep = { version: 1, experiment: "adding", name: "adding", words: ["--backend=cpu"], axes: [] };
  const run = { folder: "1", settings, state: "waiting" };

  test.for([
    [
      "an experiment that lies elsewhere",
      { experiment: "runs/foreign/index.ts" },
      {},
      /names the experiment .*--trust/,
    ],
    ["a backend's path", { words: ["--backend=./runs/foreign/index.ts"] }, {}, /with --backend=\.\/.*--trust/],
    ["another option", { words: ["--folder=elsewhere"] }, {}, /with --folder=elsewhere, which may import/],
    ["a folder that leads out", {}, { folder: "../../elsewhere" }, /has a run in the folder "\.\.\/\.\.\/elsewhere"/],
    ["an option as a setting", {}, { settings: { runs: "x" } }, /has run 1 with the option --runs, which isn't/],
    [
      "an option within a setting's name",
      { words: [] },
      { settings: { "backend=./runs/foreign/index": "1.ts" } },
      /has run 1 with the setting "backend=\.\/runs\/foreign\/index", which cannot be a setting's name/,
    ],
    [
      "a setting that isn't a plain value",
      {},
      { settings: { label: ["a"] } },
      /has run 1 with the setting label, which is neither/,
    ],
    ["no settings", {}, { settings: null }, /has run 1 without settings/],
    [
      "a folder that begins with a number and leads out",
      {},
      { folder: "1/../../../elsewhere" },
      /has a run in the folder "1\/\.\.\/\.\.\/\.\.\/elsewhere"/,
    ],
  ] as const)("refuses %s", async ([, changes, changed, message]) => {
    put("runs/foreign/index.ts", foreign());
    put("runs/foreign/index=1.ts", foreign()); // what a name with "=" leads to
    put("runs/foreign/sweep.json", { ...sweep, ...changes, runs: [{ ...run, ...changed }] });
    const { status, errors } = await ansatz(["sweep", "--resume", "runs/foreign"], place);
    expect(errors.replaceAll("\n", " ")).toMatch(message);
    expect([status, existsSync(mark), existsSync(join(place, "elsewhere"))]).toEqual([1, false, false]);
  });

  test("resumes one of the workspace, and any other with --trust", async () => {
    put("runs/own/sweep.json", { ...sweep, runs: [run] });
    expect(await ansatz(["sweep", "--resume", "runs/own"], place)).toMatchObject({ status: 0 });
    put("runs/foreign/index.ts", foreign());
    put("runs/foreign/sweep.json", { ...sweep, experiment: "runs/foreign/index.ts", runs: [run] });
    expect(await ansatz(["sweep", "--resume", "runs/foreign", "--trust"], place)).toMatchObject({ status: 0 });
    expect(existsSync(mark)).toBe(true);
  });
});
