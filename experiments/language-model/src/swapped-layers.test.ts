import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { ArgumentError, use } from "@ansatz/core";
import { MetricsLog, runExperiment, type Experiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import whole from "./index.ts";

const home = join(import.meta.dirname, "..");
const root = join(home, "../..");
mkdirSync(join(home, ".cache"), { recursive: true });
const [runs, plugins] = [mkdtempSync(join(tmpdir(), "runs-")), mkdtempSync(join(tmpdir(), "plugins-"))];
const swapped = mkdtempSync(join(home, ".cache/swapped-"));
afterAll(() => [runs, plugins, swapped].forEach((folder) => rmSync(folder, { recursive: true })));

/** The last step that makes the template's layer a mixer of positions, a nonlinearity and a normalization. */
const layers = { "nn-mixer": ".cumsum(1).mul(0.1)", "nn-rectifier": ".relu()", "nn-normalizer": ".rmsNormalize()" };

/** Makes a plugin by the command, and adds its last step to the result of the template's `forward`. */
function makeLayer(name: string, lastStep: string): void {
  const command = [join(root, "node_modules/tsx/dist/cli.mjs"), "--conditions=source"];
  const program = join(root, "packages/lab/src/command/index.ts");
  execFileSync(process.execPath, [...command, program, "create", "plugin", name], { cwd: plugins, encoding: "utf8" });
  const source = readFileSync(join(plugins, "plugins", name, "src/index.ts"), "utf8");
  const changed = source.replace(/return (.+);(?=\s*\}\s*\}\s*$)/, (_whole, result) => `return ${result}${lastStep};`);
  if (changed === source) throw new ArgumentError(`${name}: the template's forward must end in a return`);
  writeFileSync(join(swapped, `${name}.ts`), changed);
}

interface Swap {
  readonly title: string;
  readonly imported: string;
  readonly removed: string;
  readonly added: string;
}

const swaps: Swap[] = [
  ...readFileSync(join(home, "README.md"), "utf8").matchAll(
    /\*\*(.+?)\.\*\*[^`]*?(?:`[^`]+`[^`]*?)*?```diff\n\+(.+)\n-(.+)\n\+(.+)\n```/g,
  ),
].map(([, title, imported, removed, added]) => ({
  title: title!,
  imported: imported!,
  removed: removed!,
  added: added!,
}));
const fileOf = (index: number) => join(swapped, `${index}.ts`);

beforeAll(async () => {
  await use(await onnx());
  for (const [name, lastStep] of Object.entries(layers)) makeLayer(name, lastStep);
  const source = readFileSync(join(import.meta.dirname, "index.ts"), "utf8");
  for (const [index, { imported, removed, added }] of swaps.entries()) {
    if (source.split(`${removed}\n`).length !== 2)
      throw new ArgumentError(`src/index.ts must have this line once\n  ${removed}`);
    const changed = source
      .replace(`${removed}\n`, () => `${added}\n`)
      .replace(/^import /m, () => `${imported.replace(/"@ansatz\/(nn-\w+)"/, '"./$1.ts"')}\nimport `)
      .replaceAll(/"\.\/(settings|text|loss-in-pytorch)\.ts"/g, '"../../src/$1.ts"');
    writeFileSync(fileOf(index), changed);
  }
}, 60_000);

test("the page swaps attention, feed-forward, normalization, and all of them for LLaMA's", () => {
  expect(swaps.map(({ title }) => title)).toEqual(["Attention", "Feed-forward", "Normalization", "LLaMA"]);
});

test("the changed experiments have no type errors", () => {
  const settings = { extends: "../../tsconfig.json", include: ["*.ts"] };
  writeFileSync(join(swapped, "tsconfig.json"), JSON.stringify(settings));
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", swapped], { encoding: "utf8" });
}, 120_000);

const quick = { ...whole.quick, steps: 60, validationEvery: 60, generate: 8 };

async function losses(experiment: Experiment): Promise<number[]> {
  const { folder, result } = await runExperiment(experiment, { runs, settings: quick, output: "quiet" });
  expect(result["validationLoss"]).toBeGreaterThan(0);
  expect(JSON.parse(readFileSync(join(folder, "samples.jsonl"), "utf8"))).toHaveProperty("text");
  return new MetricsLog(folder).read().flatMap(({ loss }) => loss ?? []);
}

test.each(swaps.map(({ title }, index) => [title, index] as const))(
  "%s: it learns and writes text",
  async (_, index) => {
    const { default: experiment } = (await import(fileOf(index))) as { readonly default: Experiment };
    const found = await losses(experiment);
    expect(found).toHaveLength(quick.steps);
    expect(found.at(-1)).toBeLessThan(found[0]! - 0.3);
    expect(found).not.toEqual(await losses(whole));
  },
);
