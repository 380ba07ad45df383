import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareRuns, writeComparison } from "../compare/compare.ts";
import { flamePage } from "../profile/flame-page.ts";
import { writeReport } from "../report/report.ts";
import { makeRunFolder, measurements } from "../report/testing.ts";
import { summarizeSweep, writeSweepPage } from "../sweep/sweep-summary.ts";
import { chromiumPath, startChromium } from "./testing.ts";
import { watch, type Watching } from "./server.ts";

const reason = chromiumPath === undefined ? " (skipped: no Chromium here; install it, or name it in CHROMIUM)" : "";

describe.skipIf(chromiumPath === undefined)(`axe finds nothing${reason}`, () => {
  let root = "";
  let watching: Watching;
  let browser: Browser;
  const pages: Record<string, string> = {};
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "axe-"));
    const runs = [1, 2, 3, 4].map((number) =>
      makeRunFolder(join(root, `runs/sorting/${number}`), {
        settings: { learningRate: number > 2 ? 0.01 : 0.001, seed: 1 + (number % 2) },
        metrics: measurements(60, (step) => ({ loss: step === 30 ? "NaN" : number / step, tokensPerSecond: 9e5 })),
        samples: [10, 20].map((step) => ({ step, text: `sample ${step}` })),
        findings: [{ step: 1, kind: "stuck", where: "layers.0", message: "no move", advice: "raise the rate" }],
        model: {
          name: "",
          type: "Linear",
          parameters: 6,
          children: [{ name: "weight", type: "", parameters: 6, children: [] }],
        },
        histograms: [1, 2].map((step) => ({ step, name: "weight", of: "weight", edges: [-1, 0, 1], counts: [2, 3] })),
        status: { state: number === 1 ? "failed" : "ended", step: 60, error: "it broke" },
        ...(number > 1 ? { result: { accuracy: number / 4, loss: number } } : {}),
      }),
    );
    writeFileSync(join(runs[0]!, "log.txt"), "a line");
    writeFileSync(join(runs[0]!, "notes.json"), '{"tags":["good"],"note":"look","hidden":false}');
    pages["report of a failed run"] = await writeReport(runs[0]!);
    pages["report"] = await writeReport(runs[3]!);
    pages["comparison"] = join(root, "comparison.html");
    await writeComparison(pages["comparison"], await compareRuns([join(root, "runs")], { metric: "loss" }));
    const sweep = {
      ...({ version: 1, experiment: "sorting", name: "sorting", words: [] } as const),
      axes: [{ name: "learningRate", values: [0.001, 0.01] }],
      runs: [1, 2, 3, 4].map((number) => ({
        folder: `sorting/${number}`,
        settings: { learningRate: number > 2 ? 0.01 : 0.001 },
        state: number === 1 ? ("failed" as const) : ("ended" as const),
        ...(number === 1 ? { error: "it broke" } : {}),
      })),
    };
    const summary = await summarizeSweep(join(root, "runs"), sweep);
    pages["sweep"] = await writeSweepPage(join(root, "runs"), sweep, summary);
    pages["profile"] = join(root, "profile.html");
    const part = (name: string, milliseconds: number) => ({ name, milliseconds, bytes: 0, children: [] });
    const flame = { ...part("a step", 2), children: [part("matmul", 1)] };
    writeFileSync(pages["profile"], flamePage(flame, "a table"));
    watching = await watch(join(root, "runs"));
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await watching?.close();
    rmSync(root, { recursive: true });
  });

  /** What axe complains about on a page: each rule with the elements. */
  async function complaints(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  }

  for (const colorScheme of ["light", "dark"] as const)
    for (const width of [1400, 390])
      test(`in ${colorScheme}, ${width} pixels wide`, { timeout: 120_000 }, async () => {
        const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
        const page = await context.newPage();
        for (const [name, path] of Object.entries(pages)) {
          await page.goto(pathToFileURL(path).href);
          expect(await complaints(page), name).toEqual([]);
          expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBeLessThanOrEqual(width);
        }
        await page.goto(watching.url);
        for (const view of ["curves", "table", "sweep", "samples", "model", "histograms", "findings"]) {
          await page.getByRole("tab", { name: view }).click();
          await page.waitForSelector(
            { curves: "canvas", table: "main .runs", sweep: "svg.parallel" }[view] ?? "article",
          );
          expect(await complaints(page), view).toEqual([]);
          expect(await page.evaluate(() => document.documentElement.scrollWidth), view).toBeLessThanOrEqual(width);
        }
        await page.locator(".name").first().click();
        expect(await complaints(page), "dialog").toEqual([]);
        await page.getByRole("button", { name: "delete…" }).click();
        expect(await complaints(page), "question").toEqual([]);
        await context.close();
      });
});
