import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const tsx = pathToFileURL(join(import.meta.dirname, "../../node_modules/tsx/dist/loader.mjs")).href;
const mebibyte = 2 ** 20;

/** The most memory that training took, MiB: in a process of its own. */
function peak(layers: number, way: string): number {
  return Number(
    execFileSync(
      process.execPath,
      ["--conditions=source", "--import", tsx, join(import.meta.dirname, "checkpoint-run.ts"), layers.toString(), way],
      { encoding: "utf8" },
    ),
  );
}

test.runIf(process.env["ANSATZ_TEST_FULL"] !== undefined)(
  "on onnx a checkpointed block takes the memory of its input, its parameters, their gradients and moments",
  () => {
    const [few, many] = [12, 36];
    const perBlock = (way: string) => (peak(many, way) - peak(few, way)) / (many - few);
    const [kept, checkpointed] = [perBlock("kept"), perBlock("checkpointed")];
    const input = (4 * 8 * 256 * 192) / mebibyte;
    const parameters = (4 * 12 * 192 ** 2) / mebibyte;
    const formula = input + 4 * parameters;
    console.log(
      `MiB per block: ${kept.toFixed(1)} kept, ${checkpointed.toFixed(1)} checkpointed, ` +
        `of which ${formula.toFixed(1)} follow from the formula`,
    );
    // onnxruntime's allocator takes memory in powers of two.
    expect(checkpointed).toBeLessThan(2 * formula);
    expect(checkpointed).toBeLessThan(kept / 3);
  },
  600_000,
);
