import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { ArgumentError, use } from "@ansatz/core";
import { MetricsLog, runExperiment, type Experiment } from "@ansatz/lab";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import recipe from "./index.ts";
import { readText } from "./text.ts";

const home = join(import.meta.dirname, "..");
mkdirSync(join(home, ".cache"), { recursive: true });
const [runs, swapped] = [mkdtempSync(join(tmpdir(), "runs-")), mkdtempSync(join(home, ".cache/swapped-"))];
afterAll(() => [runs, swapped].forEach((folder) => rmSync(folder, { recursive: true })));
beforeAll(async () => use(await onnx()));

interface Swap {
  readonly title: string;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

const source = readFileSync(join(import.meta.dirname, "index.ts"), "utf8");
const swaps: Swap[] = [
  ...readFileSync(join(home, "README.md"), "utf8").matchAll(/\*\*(.+?)\.\*\*[^`]*?```diff\n(.*?)```/gs),
].map(([, title, block]) => {
  const lines = (sign: string) =>
    block!
      .split("\n")
      .filter((line) => line.startsWith(sign))
      .map((line) => line.slice(1));
  return { title: title!, removed: lines("-"), added: lines("+") };
});
const fileOf = (index: number) => join(swapped, `${index}.ts`);

/** The experiment with one line replaced, and imports added at the top. */
function changed({ title, removed, added }: Swap): string {
  const [line] = removed as [string];
  if (source.split(`${line}\n`).length !== 2)
    throw new ArgumentError(`${title}: src/index.ts must have this line once\n  ${line}`);
  const isImport = (one: string) => one.startsWith("import ");
  const imports = added.filter(isImport).map((one) => `${one}\n`);
  return source
    .replace(`${line}\n`, () => `${added.filter((one) => !isImport(one)).join("\n")}\n`)
    .replace(/^import /m, () => `${imports.join("")}import `)
    .replace('"./text.ts"', '"../../src/text.ts"');
}

async function losses(experiment: Experiment, settings = {}): Promise<number[]> {
  const { folder, result } = await runExperiment(experiment, {
    runs,
    settings: { ...recipe.quick, ...settings },
    output: "quiet",
  });
  expect(result["validationLoss"]).toBeGreaterThan(0);
  return new MetricsLog(folder).read().flatMap(({ loss }) => loss ?? []);
}
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("the lines of the README", () => {
  test("each replace a single line", () => {
    expect(swaps.map(({ title, removed }) => [title, removed.length])).toEqual([
      ["Transformer → LSTM", 1],
      ["Cross-entropy → CTC", 1],
      ["AdamW → Muon", 1],
      ["AdamW → Lion", 1],
    ]);
  });

  test("give programs without type errors", () => {
    for (const [index, swap] of swaps.entries()) writeFileSync(fileOf(index), changed(swap));
    writeFileSync(
      join(swapped, "tsconfig.json"),
      JSON.stringify({ extends: "../../tsconfig.json", include: ["*.ts"] }),
    );
    execFileSync(process.execPath, [join(home, "../../node_modules/typescript/bin/tsc"), "-p", swapped], {
      encoding: "utf8",
    });
  });

  test.each(swaps.map(({ title }, index) => [title, index] as const))(
    "%s: it learns at once",
    async (_title, index) => {
      writeFileSync(fileOf(index), changed(swaps[index]!));
      const { default: experiment } = (await import(fileOf(index))) as { readonly default: Experiment };
      const settings = { learningRate: 1e-2, dropout: 0 };
      const found = await losses(experiment, settings);
      expect(found).toHaveLength(60);
      expect(mean(found.slice(-10))).toBeLessThan(0.9 * mean(found.slice(0, 10)));
      expect(found).not.toEqual(await losses(recipe, settings));
    },
  );
});

test("a quick run learns something, and clipping tightly slows it down", async () => {
  const [clipped, free] = [await losses(recipe, { clip: 1e-6, weightDecay: 0 }), await losses(recipe)];
  expect(free.at(-1)).toBeLessThan(free[0]! - 0.5);
  expect(free.at(-1)).toBeLessThan(clipped.at(-1)!);
});

test("pairs of letters beat guessing, the blank never occurs, and other vocabularies are refused", async () => {
  const { bigramLoss, training, validation } = await readText(90, 8, 4);
  expect(bigramLoss).toBeLessThan(2.5); // about 2.45 nats in English text
  expect(bigramLoss).toBeGreaterThan(2.3);
  expect([...training.tokens, ...validation.tokens].includes(89)).toBe(false);
  await expect(readText(91, 8, 4)).rejects.toThrow(/cannot be 91\n {2}use 90 for characters or 50257/);
});
