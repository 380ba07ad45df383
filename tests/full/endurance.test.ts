import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

interface Report {
  readonly early: { readonly compilations: number };
  readonly late: unknown;
  /** Of the resident memory in each twentieth of the run, MiB. */
  readonly medians: readonly number[];
}

const tsx = pathToFileURL(join(import.meta.dirname, "../../node_modules/tsx/dist/loader.mjs")).href;

/**
 * In a process of its own, with garbage collected every 100 steps: without that, V8's young generation grows for some
 * 10,000 steps before it settles.
 */
test.runIf(process.env["ANSATZ_TEST_FULL"] !== undefined).each([
  ["cpu", "compiled"],
  ["cpu", "recorded"],
  ["onnx", "compiled"],
  ["onnx", "recorded"],
  ["wasm", "compiled"],
  ["wasm", "recorded"],
])(
  "20,000 steps on %s, %s: constant backend memory, process median grows < 2 % after step 1,000, 1 compilation",
  (backend, way) => {
    const output = execFileSync(
      process.execPath,
      [
        "--expose-gc",
        "--conditions=source",
        "--import",
        tsx,
        join(import.meta.dirname, "endurance-run.ts"),
        backend,
        way,
        "20000",
      ],
      { encoding: "utf8" },
    );
    const { early, late, medians } = JSON.parse(output) as Report;
    const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;
    // The second twentieth begins at step 1,000.
    const growth = middle(medians.slice(10)) / middle(medians.slice(1, 10)) - 1;
    console.log(
      `${backend}, ${way}: ${JSON.stringify(late)}; median resident MiB ` +
        `${medians.map((mebibytes) => mebibytes.toFixed(1)).join(" ")} (${(100 * growth).toFixed(2)} %)`,
    );
    expect(late).toEqual(early);
    expect(early.compilations).toBe(1);
    expect(growth).toBeLessThan(0.02);
  },
  600_000,
);
