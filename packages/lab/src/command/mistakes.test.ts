/** Mistakes that people make, one after the other: each has a message that names the mend, and no stack. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cpu } from "@ansatz/backend-cpu";
import { use } from "@ansatz/core";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { runExperiment } from "../experiment/run-experiment.ts";
import small from "../testing/small-experiment.ts";
import { folders } from "../experiment/testing.ts";
import { main } from "./main.ts";

const newFolder = folders();
const start = process.cwd();
const cpuOnly = ["--backend", "cpu"];
const path = pathToFileURL(join(import.meta.dirname, "../testing/small-experiment.ts")).href;

function put(file: string, text: string): void {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
}

beforeAll(async () => {
  process.chdir(newFolder());
  put("package.json", '{ "type": "module" }');
  mkdirSync("node_modules");
  // As if the packages were installed there.
  symlinkSync(join(import.meta.dirname, "../../node_modules/@ansatz"), "node_modules/@ansatz", "junction");
  put("experiments/adding/index.ts", `export { default } from ${JSON.stringify(path)};\n`);
  put("experiments/broken/index.ts", "export default 3;\n");
  put("experiments/old/package.json", "{}");
  put("experiments/old/index.ts", "export default 3;\n");
  put("runs/empty/notes.txt", "");
  put("runs/half/run.json", '{ "experiment": "add');
  put("sweeps/half/sweep.json", '{ "runs": 3 }');
  await use(cpu());
  await runExperiment(small, { name: "adding", folder: "runs/adding/1", settings: { steps: 4 }, output: "none" });
});
afterAll(() => process.chdir(start));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

test.for<readonly [words: string[], status: number, message: RegExp]>([
  [["rnu"], 2, /^UsageError: there is no command "rnu"\n {2}did you mean run\?$/],
  [["watch", "--prot", "1"], 2, /^UsageError: there is no setting --prot\n {2}did you mean --port\?$/],
  [["watch", "--port", "abc"], 2, /^UsageError: --port cannot be "abc"\n {2}use a whole number, 0 to 65535$/],
  [["watch", "a", "b"], 2, /^UsageError: "b" is one word too many\n {2}write npx ansatz watch \[FOLDER\]$/],
  [["compare"], 2, /^UsageError: the folder of a run is missing\n {2}write npx ansatz compare FOLDER …$/],
  [["compare", "runs", "--metrc", "loss"], 2, /did you mean --metric\?/],
  [["export", "runs", "--cvs"], 2, /did you mean --csv\?/],
  [["backends", "--jsn"], 2, /did you mean --json\?/],
  [["list", "adding"], 2, /"adding" is one word too many/],
  [["help", "rnu"], 2, /there is no command "rnu"/],
  [["run"], 2, /^UsageError: run needs the name of an experiment\n {2}npx ansatz list shows them$/],
  [["run", "adding", "--from-parts", "model"], 2, /^UsageError: --from-parts needs --from, which names the run/],
  [["run", "adding", "--from", "nowhere", ...cpuOnly], 1, /^CheckpointError: nowhere\/checkpoint.json cannot be read/],
  [["run", "--resume", "nowhere", "--from", "elsewhere"], 1, /^RunError: nowhere/],
  [["run", "adding", "--checkpoint", "4"], 2, /^UsageError: --checkpoint needs --resume or --from/],
  [["run", "adding", "--resume", "x", "--quick"], 2, /^UsageError: --resume takes a folder .* --quick is given/],
  [["run", "ading"], 2, /^UsageError: there is no experiment "ading"\n {2}did you mean adding\?$/],
  [["run", "broken"], 1, /^ExperimentError: \S+index.ts doesn't export an experiment\n {2}make it the default export/],
  [
    ["run", "old"],
    1,
    /^ExperimentError: .* isn't an ES module, .*\n {2}add this to \S+package.json: \{ "type": "module" \}$/,
  ],
  [
    ["run", "adding", "--lerning-rate", "1"],
    2,
    /^UsageError: there is no setting --lerning-rate\n {2}did you mean --learning-rate\?$/,
  ],
  [["run", "adding", "--quie"], 2, /did you mean --quiet\?/],
  [
    ["run", "adding", "--backend", "nothing"],
    2,
    /^UsageError: the backend nothing is not installed for \S+index.ts\n {2}the backends are onnx, .*; for another/,
  ],
  [
    ["run", "adding", "--backend", "my-backend"],
    2,
    /is not installed .*\n {2}install it there: npm install my-backend$/,
  ],
  [["run", "adding", "--backend", "onx"], 2, /is not installed .*\n {2}did you mean onnx\?/],
  [["reproduce"], 2, /^UsageError: reproduce needs the name of an experiment, or --all/],
  [["reproduce", "adding", "--all"], 2, /^UsageError: reproduce takes a name or --all, not both/],
  [
    ["reproduce", "adding", "sorting"],
    2,
    /^UsageError: "sorting" is one word too many\n {2}write npx ansatz reproduce NAME$/,
  ],
  [["run", "adding", "--learning-rate", "fast"], 2, /--learning-rate cannot be "fast"\n {2}use a number/],
  [["run", "adding", "--learning-rate"], 2, /--learning-rate needs a value/],
  [["run", "adding", "--steps", "0"], 2, /--steps cannot be "0"\n {2}use a whole number, 1 or more/],
  [["run", "adding", "--steps", "1.5"], 2, /--steps cannot be "1.5"\n {2}use a whole number, 1 or more/],
  [["run", "adding", "--steps=3", "--steps=4"], 2, /--steps is given twice/],
  [["run", "adding", "twice"], 2, /"twice" isn't a setting\n {2}write settings as/],
  [["run", "adding", "--trust"], 2, /^UsageError: --trust is for an experiment that only the folder of --resume/],
  [["run", "--resume"], 2, /^UsageError: --resume needs the folder of a run\n {2}such as --resume runs/],
  [["run", "adding", "--resume", "runs/empty"], 1, /^RunError: runs.empty/],
  [["run", "--resume", "runs/half"], 1, /^RunError: runs.half.run.json cannot be read: .*\n {2}check that this is/],
  [["run", "--resume", "runs/adding/1"], 1, /runs.adding.1 has ended: .*\n {2}start a new run, or prolong this one/],
  [["profile"], 2, /^UsageError: profile needs the name of an experiment\n {2}npx ansatz list shows them/],
  [["profile", "ading"], 2, /there is no experiment "ading"\n {2}did you mean adding\?/],
  [["sweep"], 2, /^UsageError: sweep needs the name of an experiment\n {2}for example: npx ansatz sweep NAME/],
  [["sweep", "adding", "--steps", "3"], 1, /this sweep has only one run\n {2}give a setting several values/],
  [["sweep", "adding", "--steps", "1:9"], 2, /--search random/],
  [["sweep", "adding", "--stps", "1,2"], 2, /there is no setting --stps\n {2}did you mean --steps\?/],
  [["sweep", "--resume", "sweeps/half"], 1, /^RunError: sweeps.half/],
  [["create"], 2, /use npx ansatz create experiment NAME, or npx ansatz create plugin KIND-NAME/],
  [["create", "plugin"], 2, /create plugin needs a name\n {2}for example: npx ansatz create plugin/],
  [["create", "plugin", "model-x"], 2, /model-x/],
  [["create", "experiment", "My Idea"], 2, /My Idea/],
  [["export", "runs"], 2, /--tensorboard/],
  [["export", "nowhere", "--csv"], 1, /nowhere/],
  [["compare", "nowhere"], 1, /nowhere/],
  [["watch", "nowhere"], 2, /there is no folder nowhere\n {2}start a run first, or name the folder/],
  [["complete", "csh"], 2, /there is no completion for csh\n {2}use bash, zsh, fish, powershell/],
  [["reproduce", "--check", "--quick"], 2, /--check runs nothing, so --quick has no effect\n {2}leave it out/],
  [["reproduce", "adding", "--first-seed", "0"], 2, /--first-seed cannot be "0"\n {2}use a whole number, 1 or more/],
])("%j", async ([words, status, message]) => {
  vi.stubEnv("npm_lifecycle_event", "npx");
  const errors = vi.spyOn(console, "error").mockReturnValue();
  const output = vi.spyOn(console, "log").mockReturnValue();
  await main(words);
  const text = errors.mock.calls.flat().join("\n");
  expect(text).toMatch(message);
  expect(text).toMatch(/^\w+Error: [^]+\n {2}\S/); // what is wrong, and on a line of its own what to do
  expect(text).not.toMatch(/\n\s+at /);
  expect([process.exitCode, output.mock.calls]).toEqual([status, []]);
});
