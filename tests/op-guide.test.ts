/**
 * Applies the diff of docs/add-an-op.md to copies of the packages that it changes, and runs the suites of both
 * backends.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyWorkspace, runIn } from "./copied-workspace.ts";

const guide = readFileSync(join(import.meta.dirname, "../docs/add-an-op.md"), "utf8");
const diff = /^```diff\n([^]*?)^```$/m.exec(guide)?.[1] ?? "";
const changes = diff
  .split(/^diff --git .*\n/m)
  .slice(1)
  .map((text) => ({ path: /^\+\+\+ b\/(.*)$/m.exec(text)?.[1] ?? "", hunks: text.split(/^@@ .*\n/m).slice(1) }));
const workspace = copyWorkspace([
  "packages/core",
  "packages/kernels",
  "packages/testkit",
  "plugins/backend-cpu",
  "plugins/backend-onnx",
]);

/**
 * One side of a hunk: the lines with its mark, and context lines, which may have lost their space if they are empty.
 */
function side(hunk: string, mark: "-" | "+"): string {
  const lines = hunk
    .replace(/\n$/, "")
    .split("\n")
    .filter((line) => line === "" || line.startsWith(" ") || line.startsWith(mark));
  return `${lines.map((line) => line.slice(1)).join("\n")}\n`;
}

beforeAll(() => {
  for (const { path, hunks } of changes) {
    const before = readFileSync(join(workspace, path), "utf8");
    const after = hunks.reduce((text, hunk) => {
      const parts = text.split(side(hunk, "-"));
      if (parts.length !== 2) throw new Error(`docs/add-an-op.md: ${path} no longer has the lines\n${side(hunk, "-")}`);
      return parts.join(side(hunk, "+"));
    }, before);
    writeFileSync(join(workspace, path), after);
  }
});

afterAll(() => rmSync(workspace, { recursive: true, force: true }));

test("an elementwise op touches at most four files", () => {
  expect(changes.length).toBeGreaterThan(0);
  expect(changes.length).toBeLessThanOrEqual(4);
});

test("both backends' suites try it, values and gradients, and pass", () => {
  const printed = runIn(
    workspace,
    "vitest run conformance --root . --project @ansatz/backend-cpu --project @ansatz/backend-onnx " +
      '-t "atan|every op has samples"',
  );
  expect(Number(/^(\d+) passed, 0 failed$/m.exec(printed)?.[1])).toBeGreaterThan(20);
}, 120_000);

test("without the samples they fail", () => {
  const path = join(workspace, "packages/testkit/src/samples/unary.ts");
  const samples = readFileSync(path, "utf8");
  writeFileSync(path, samples.replace("unarySamples(atan,", "unarySamples(tanh,"));
  expect(() =>
    runIn(workspace, 'vitest run conformance --root . --project @ansatz/backend-cpu -t "every op has samples"'),
  ).toThrow(/atan/);
  writeFileSync(path, samples);
}, 120_000);
