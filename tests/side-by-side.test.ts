/**
 * The Python and the TypeScript blocks of docs/from-pytorch.md and docs/from-jax.md print the same numbers, and those
 * that the comments show. What Python prints is recorded by reference/record-pages.py.
 */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as onnx from "@ansatz/backend-onnx";
import * as core from "@ansatz/core";
import * as plugin from "@ansatz/core/plugin";
import * as data from "@ansatz/data";
import * as nn from "@ansatz/nn";
import * as optim from "@ansatz/optim";
import { describe, expect, test, vi } from "vitest";
import { fromMarkdown } from "../scripts/examples/from-markdown.ts";

interface Recorded {
  readonly program: string;
  readonly printed: readonly string[];
}

/** A number in a text, and how many of its decimals are shown. Truth values are 1 and 0. */
interface Shown {
  readonly value: number;
  readonly decimals: number;
}

function numbersIn(text: string): Shown[] {
  return [...text.matchAll(/(?<![\w.])(-?\d+(?:\.(\d*))?(?:e[+-]?\d+)?|true|false)(?!\w)/gi)].map(
    ([, word = "", decimals = ""]) => ({
      value: /^[tf]/i.test(word) ? Number(/^t/i.test(word)) : Number(word),
      decimals: decimals.length,
    }),
  );
}

/** Expects the same numbers, up to the rounding of float32, or of the decimals that are shown. */
function expectSame(actual: string, expected: string, halfOf: (shown: Shown) => number, where: string): void {
  const [found, wanted] = [numbersIn(actual), numbersIn(expected)];
  expect(found.length, `${where}: ${actual} beside ${expected}`).toBe(wanted.length);
  for (const [i, shown] of wanted.entries())
    expect(Math.abs(found[i]!.value - shown.value), `${where}: ${actual} beside ${expected}`).toBeLessThanOrEqual(
      Math.max(halfOf(shown), 1e-5 * Math.abs(shown.value)),
    );
}

const float32 = (): number => 1e-6;
const lastDecimal = ({ decimals }: Shown): number => (decimals === 0 ? 0 : 0.5 * 10 ** -decimals);

/** The comments of the lines that print. */
function comments(code: string): string[] {
  return [...code.matchAll(/^(?:print|console\.log)\(.*\);?(?: +(?:#|\/\/) (.*))?$/gm)].map(([line, comment]) => {
    if (comment === undefined) throw new Error(`this line has no comment that shows what it prints:\n${line}`);
    return comment;
  });
}

/** Runs a module, and returns what it prints, one text for each call of `console.log`. */
async function run(path: string): Promise<string[]> {
  const printed: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => {
    printed.push(values.map((value) => JSON.stringify(value)).join(" "));
  });
  const [here, scratch] = [process.cwd(), mkdtempSync(join(tmpdir(), "side-by-side-"))];
  process.chdir(scratch);
  try {
    await import(pathToFileURL(path).href);
  } finally {
    process.chdir(here);
    rmSync(scratch, { recursive: true });
    log.mockRestore();
  }
  return printed;
}

/** What the words before a dot stand for in the tables: `x.reshape`, `model.freeze`. */
const objects: Readonly<Record<string, object>> = {
  x: core.Tensor.prototype,
  model: core.Module.prototype,
  key: core.RandomKey.prototype,
};
const exported = { ...onnx, ...core, ...plugin, ...data, ...nn, ...optim };

describe.each(["from-pytorch", "from-jax"])("docs/%s.md", (page) => {
  const text = readFileSync(join(import.meta.dirname, `../docs/${page}.md`), "utf8");
  const recorded = JSON.parse(readFileSync(join(import.meta.dirname, `reference/${page}.json`), "utf8")) as Recorded;
  const blocks = [...text.matchAll(/^```python\n([^]*?)^```$/gm)].map(([, block]) => block!);
  const rows = [...text.matchAll(/^\| (`.*?) +\| (.*?) *\|$/gm)];
  const names = (cell: string): string[] => [...cell.matchAll(/`(.*?)`/g)].map(([, name]) => name!);

  test("the Python program is the one that was recorded", () => {
    const program = [...blocks, ...rows.flatMap(([, theirs]) => names(theirs!)), ""].join("\n");
    const hash = createHash("sha256").update(program).digest("hex");
    expect(hash, `run tests/reference/record-pages.py ${page} again`).toBe(recorded.program);
  });

  test("Python prints what its comments show", () => {
    const shown = comments(blocks.join("\n"));
    expect(shown).toHaveLength(recorded.printed.length);
    for (const [i, line] of recorded.printed.entries()) expectSame(line, shown[i]!, lastDecimal, "Python");
  });

  test("TypeScript prints the same, and what its comments show", async () => {
    const { code } = fromMarkdown(page, text);
    const folder = join(import.meta.dirname, ".cache/side-by-side");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${page}.ts`), code);
    const printed = await run(join(folder, `${page}.ts`));
    const shown = comments(code);
    expect(shown).toHaveLength(printed.length);
    expect(printed).toHaveLength(recorded.printed.length);
    for (const [i, line] of printed.entries()) {
      expectSame(line, recorded.printed[i]!, float32, "TypeScript beside Python");
      expectSame(line, shown[i]!, lastDecimal, "TypeScript");
    }
  });

  test("every name in the table exists", () => {
    const ours = rows.flatMap(([, , cell]) => names(cell!)).filter((name) => !["groups", "initializer"].includes(name));
    expect(ours.length).toBeGreaterThan(30);
    for (const name of ours) {
      const [, object, member] = /^(?:(\w+)\.)?(\w+)/.exec(name)!;
      expect(object === undefined ? exported : objects[object], name).toHaveProperty(member!);
    }
  });
});
