/** The page as Chromium shows it, beside the same training in Node. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wasm } from "@ansatz/backend-wasm";
import { use } from "@ansatz/core";
import type { Browser, Page } from "playwright-core";
import { build, createServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, startChromium } from "../../../packages/lab/src/watch/testing.ts";
import { digits } from "../src/digits.ts";
import { languageModel } from "../src/language-model.ts";
import type { Task } from "../src/task.ts";

const root = join(import.meta.dirname, "..");
const built = mkdtempSync(join(tmpdir(), "browser-"));
const reason = chromiumPath === undefined ? " (skipped: no Chromium here; install it, or name it in CHROMIUM)" : "";
const compared = 10;

const tasks = {
  digits: () => digits(readFileSync(join(root, "data/digits.bin"))),
  "language-model": () => languageModel(readFileSync(join(root, "data/moby-dick.txt"), "utf8")),
} satisfies Record<string, () => Task>;
type Name = keyof typeof tasks;

describe.skipIf(chromiumPath === undefined)(`the page in Chromium${reason}`, { timeout: 150_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    await build({ root, logLevel: "error", build: { outDir: built } });
    browser = await startChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(built, { recursive: true });
  });

  test("cross-origin isolated: both models train on threads, with Node's losses", async () => {
    const server = await preview({ root, logLevel: "error", build: { outDir: built }, preview: { port: 0 } });
    const { page, complaints } = await open(server.resolvedUrls!.local[0]!);
    const losses = await train(page, "digits", 100);
    const threads = await page.evaluate<number>("Math.min(navigator.hardwareConcurrency, 8)");
    expect(await device(page)).toBe(
      `Running on WebAssembly with SIMD, ${threads === 1 ? "1 thread" : `${threads} threads`}.`,
    );
    expect(mean(losses.slice(80, 100))).toBeLessThan(0.25 * losses[0]!);
    await agree(losses, "digits");
    const nats = await train(page, "language-model", 14);
    expect(nats[13]!).toBeLessThan(nats[0]! - 1);
    await agree(nats, "language-model");
    expect(complaints).toEqual([]);
    await server.close();
  });

  test("not isolated: it trains on one thread, and says so", async () => {
    const server = await preview({
      root,
      configFile: false,
      logLevel: "error",
      build: { outDir: built },
      preview: { port: 0 },
    }); // without the headers
    const { page, complaints } = await open(server.resolvedUrls!.local[0]!);
    await agree(await train(page, "digits", compared), "digits");
    expect(await device(page)).toBe("Running on WebAssembly with SIMD, 1 thread; isolated, it would use threads.");
    expect(complaints).toEqual([]);
    await server.close();
  });

  test("from its sources, as vite serves them to whoever works on it", async () => {
    const server = await (
      await createServer({ root, logLevel: "error", cacheDir: join(built, "cache"), server: { port: 0 } })
    ).listen();
    const { page, complaints } = await open(server.resolvedUrls!.local[0]!);
    await agree(await train(page, "digits", compared), "digits");
    expect(complaints).toEqual([]);
    await server.close();
  });

  async function open(url: string): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => message.type() !== "debug" && complaints.push(message.text()));
    page.on(
      "request",
      (request) =>
        !/^(blob|data):/.test(request.url()) &&
        !request.url().startsWith(url) &&
        complaints.push(`asked for ${request.url()}`),
    );
    await page.goto(url);
    return { page, complaints };
  }
});

/** Trains for so many steps at least, stops, and takes the losses that the page offers. */
async function train(page: Page, name: Name, steps: number): Promise<number[]> {
  const card = page.locator(`#${name}`);
  await card.getByRole("button").click();
  const step = async () =>
    Number(
      /(?:step )?([\d,]+) (?:of|steps)/.exec(await card.locator(".status").innerText())?.[1]?.replace(",", "") ?? 0,
    );
  await expect.poll(step, { timeout: 100_000, message: name }).toBeGreaterThanOrEqual(steps);
  if ((await card.getByRole("button").innerText()) === "Stop") await card.getByRole("button").click();
  const [download] = await Promise.all([page.waitForEvent("download"), card.getByRole("link").click()]);
  const lines = readFileSync(await download.path(), "utf8")
    .trim()
    .split("\n");
  expect(lines[0]).toBe("step,loss");
  return lines.slice(1).map((line) => Number(line.split(",")[1]));
}

/** The first losses are those of Node. */
async function agree(losses: readonly number[], name: Name): Promise<void> {
  await use(await wasm());
  const task = tasks[name]();
  for (const [step, loss] of losses.slice(0, compared).entries())
    expect(Math.abs(loss / (await task.step()) - 1), `${name}, step ${step + 1}`).toBeLessThan(1e-4);
}

async function device(page: Page): Promise<string> {
  return page.locator("#device").innerText();
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
