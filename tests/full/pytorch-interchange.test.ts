/**
 * Models of @ansatz/nn load into PyTorch, strictly, with the same results. The Python with torch and safetensors is
 * ANSATZ_PYTHON, by default python3.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const reference = join(root, "packages/nn/reference");
const tsx = pathToFileURL(join(root, "node_modules/tsx/dist/loader.mjs")).href;
const python = process.env["ANSATZ_PYTHON"] ?? "python3";

test.runIf(process.env["ANSATZ_TEST_FULL"] !== undefined)(
  "PyTorch loads what toPyTorch and toHuggingFace make, and computes the same",
  ({ skip }) => {
    const peers = spawnSync(python, ["-c", "import torch, safetensors"], { encoding: "utf8" });
    const reason = peers.error?.message ?? peers.stderr.trim().split("\n").at(-1);
    if (peers.status !== 0) {
      const note = `${python} cannot import torch and safetensors: ${reason}; set ANSATZ_PYTHON to one that can`;
      console.warn(`skipped: ${note}`);
      skip(note);
    }
    const folder = mkdtempSync(join(tmpdir(), "ansatz-interchange-"));
    try {
      const write = ["--conditions=source", "--import", tsx, join(reference, "interchange.ts"), folder];
      execFileSync(process.execPath, write, { stdio: "inherit" });
      const output = execFileSync(python, [join(reference, "interchange.py"), folder], { encoding: "utf8" });
      console.log(output);
      const same = output.split("\n").filter((line) => line.endsWith("entries, and the same results"));
      const names = same.map((line) => line.split(":")[0]);
      const whole = ["convolutional", "perceptron", "lstm", "gru", "attention", "encoder", "transformer", "tied"];
      expect(names).toEqual(output.includes("llama: left out") ? whole : [...whole, "llama"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  300_000,
);
