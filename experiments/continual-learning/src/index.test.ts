import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, expect, test } from "vitest";
import { domainNames, domainsOf } from "./domains.ts";
import experiment from "./index.ts";
import { figuresOf, pictureOf } from "./matrix.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const quick = (settings: object) => ({ ...experiment.quick, ...settings });

test("each domain has texts of its own, of printable characters", () => {
  const domains = domainsOf(64);
  expect(domains.map(({ name }) => name)).toEqual(domainNames);
  for (const { training, validation } of domains) {
    expect(training.tokens.length).toBeGreaterThan(8 * validation.tokens.length);
    expect(validation.count).toBeGreaterThan(1_000);
  }
  const begins = domains.map(({ training }) => training.tokens.subarray(0, 64).join());
  expect(new Set(begins).size).toBe(domains.length);
});

test("figures of a matrix: what was learned, what is left, and what was forgotten", () => {
  const matrix = [
    [2, 5, 5, 5],
    [3, 1, 5, 5],
    [3, 2, 1, 5],
    [4, 3, 2, 0.5],
  ];
  expect(figuresOf(matrix)).toEqual({
    meanLoss: (4 + 3 + 2 + 0.5) / 4,
    learned: (2 + 1 + 1 + 0.5) / 4,
    forgotten: (2 + 2 + 1) / 3,
    general: 4,
    mails: 3,
    whaling: 2,
    pronunciations: 0.5,
  });
});

test("the picture has a cell for each pair of domains", async () => {
  const svg = await pictureOf([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10, 11, 12],
    [13, 14, 15, 16.25],
  ]);
  expect(svg.match(/>\d+\.\d\d</g)).toHaveLength(16);
  expect(svg).toContain(">16.25<");
  for (const name of domainNames) expect(svg).toContain(name);
});

const found: number[] = [];
test.each([["main", {}], ...Object.entries(experiment.baselines)] as [string, object][])(
  "a quick run of %s learns every domain, and something else than the others",
  async (_name, own) => {
    const { folder, result } = await runExperiment(experiment, { runs, settings: quick(own), output: "quiet" });
    const losses = new MetricsLog(folder).read().map(({ loss }) => loss!);
    expect(losses).toHaveLength(4 * 25);
    expect(result["learned"]).toBeLessThan(Math.log(96) - 0.5);
    expect(readFileSync(join(folder, "matrix.svg"), "utf8")).toMatch(/^<svg/);
    expect(found).not.toContain(result["meanLoss"]);
    found.push(result["meanLoss"]!);
  },
);

test("a run that is broken off in the third domain and resumed ends as one that never was", async () => {
  let [broken, steps] = [false, 0];
  const breaking = {
    ...experiment,
    run: (context: Parameters<typeof experiment.run>[0]) =>
      experiment.run({
        ...context,
        steps: (count, parts) => context.steps(count, parts, { saveEvery: 5 }),
        log: async (metrics) => {
          await context.log(metrics);
          if (++steps !== 63 || broken) return;
          broken = true;
          throw new Error("broken off");
        },
      }),
  };
  const settings = quick({ consolidation: 100, replay: 0.25 });
  const whole = await runExperiment(experiment, { runs, settings, output: "quiet" });
  const folder = join(runs, "broken");
  await expect(runExperiment(breaking, { folder, settings, output: "quiet" })).rejects.toThrow("broken off");
  expect(existsSync(join(folder, "matrix.svg"))).toBe(false);
  expect((await runExperiment(breaking, { folder, output: "quiet" })).result).toEqual(whole.result);
});
