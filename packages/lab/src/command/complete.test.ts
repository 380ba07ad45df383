import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, test, vi } from "vitest";
import { folders } from "../experiment/testing.ts";
import { UsageError } from "../settings.ts";
import { run as complete } from "./complete.ts";

const newFolder = folders();
const small = pathToFileURL(join(import.meta.dirname, "../testing/small-experiment.ts")).href;
beforeAll(() => {
  const place = newFolder();
  mkdirSync(join(place, "experiments/adding"), { recursive: true });
  writeFileSync(join(place, "package.json"), '{ "type": "module" }');
  writeFileSync(join(place, "experiments/adding/index.ts"), `export { default } from ${JSON.stringify(small)};\n`);
  vi.spyOn(process, "cwd").mockReturnValue(place);
});

/** What the command prints. */
async function printed(...words: readonly string[]): Promise<string> {
  const log = vi.spyOn(console, "log").mockReturnValue();
  await complete(words);
  const text = log.mock.calls.flat().join("\n");
  log.mockRestore();
  return text;
}

/** What can stand at the end of a line. */
async function after(...line: readonly string[]): Promise<(string | undefined)[]> {
  const lines = (await printed("--", ...line)).split("\n");
  expect(lines.pop()).toBe(":4"); // no names of files
  return lines.map((candidate) => candidate.split("\t")[0]);
}

test("a shell learns what can follow: commands, experiments, settings and choices", async () => {
  expect(await after("rep")).toEqual(["reproduce"]);
  expect(await after("run", "")).toEqual(["adding"]);
  expect(await after("run", "adding", "--keep-")).toEqual(["--keep-best"]);
  expect(await after("run", "adding", "--pat")).toEqual(["--patience"]);
  expect(await after("run", "addin", "--pat")).toEqual([]);
  expect(await after("create", "e")).toEqual(["experiment"]);
  expect(await after("watch", "--")).toEqual(["--port", "--json"]);
  expect(await after("nothing", "")).toEqual([]);
});

test.skipIf(process.platform === "win32")("the script for bash completes there", async () => {
  const script = (await printed("bash")).replace(/requestComp=".* complete --/, 'requestComp="program complete --');
  // What bash and its package bash-completion give to a completion.
  const given = ["_get_comp_words_by_ref() { cur=rep; words=(ansatz rep); }", "compopt() { :; }"];
  const program = `program() { [[ "$*" == "complete -- rep" ]] && printf 'reproduce\\trun it\\n:4\\n'; }`;
  const line = [...given, program, script, "__ansatz_complete", 'echo "${COMPREPLY[@]}"'].join("\n");
  expect(execFileSync("bash", ["-c", line], { encoding: "utf8" })).toBe("reproduce\n");
});

test("other shells have none", async () => {
  await expect(complete(["csh"])).rejects.toThrow(UsageError);
  await expect(complete(["csh"])).rejects.toThrow("use bash, zsh, fish, powershell");
});
