import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { testedTensorflow } from "./build.ts";

/** Runs the command in a new process. */
function run(...words: readonly string[]) {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=source", "--import", tsx, `${import.meta.dirname}/index.ts`, ...words],
    { encoding: "utf8", env: { ...process.env, XDG_CACHE_HOME: "/nowhere" } },
  );
  return { status, stdout, stderr };
}

test("help names the options and the tested version", () => {
  const { status, stdout } = run("--help");
  expect(status).toBe(0);
  expect(stdout).toContain(`--tensorflow VERSION    the version of TensorFlow (default: ${testedTensorflow})`);
});

test.for([
  [["--agian"], "Unknown option '--agian'\n  ansatz-tfjs-native --help lists the options\n"],
  [["--device", "tpu"], 'there is no device "tpu"\n  use --device cpu or --device gpu\n'],
] as const)("%j is refused", ([words, message]) => {
  expect(run(...words)).toEqual({ status: 1, stdout: "", stderr: message });
});
