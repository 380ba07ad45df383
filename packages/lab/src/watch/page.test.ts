import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { hostile, makeRunFolder, measurements } from "../report/testing.ts";
import { chromiumPath, startChromium } from "./testing.ts";
import { watch, type Watching } from "./server.ts";

const reason = chromiumPath === undefined ? " (skipped: no Chromium here; install it, or name it in CHROMIUM)" : "";

describe.skipIf(chromiumPath === undefined)(`the page in Chromium${reason}`, () => {
  let root = "";
  let watching: Watching;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "page-"));
    const histogram = (step: number) => ({ step, name: hostile, of: "weight", edges: [-1, 0, 1], counts: [2, 3] });
    for (let number = 1; number <= 98; number++)
      makeRunFolder(join(root, `sorting/${number}`), {
        settings: { learningRate: number % 2 === 0 ? 0.01 : 0.001, seed: number },
        about: { started: `2026-01-01T00:${10 + (number % 50)}:00Z` },
        metrics: measurements(200, (step) => ({ loss: 1 / step })),
        status: { state: "ended", step: 200 },
      });
    makeRunFolder(join(root, "sorting/100"), {
      about: { started: "2026-02-01T00:00:00Z" },
      metrics: measurements(100_000, (step) => ({ loss: 5 / Math.sqrt(step) })),
    });
    makeRunFolder(join(root, hostile.replaceAll("/", "-"), "1"), {
      settings: { [hostile]: hostile, seed: 1 },
      about: { started: "2026-03-01T00:00:00Z" },
      metrics: measurements(3, () => ({ [hostile]: 1 })),
      samples: [{ step: 1, text: hostile }],
      findings: [{ step: 1, kind: hostile, where: hostile, message: hostile, advice: hostile }],
      model: { name: hostile, type: hostile, parameters: 3, children: [] },
      histograms: [histogram(1), histogram(2)],
      status: { state: "failed", step: 3, error: hostile },
    });
    watching = await watch(root);
    browser = await startChromium();
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(new URL(watching.url).origin) && !request.url().startsWith("data:"))
        complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(watching.url);
    await page.waitForSelector("canvas");
  });
  afterAll(async () => {
    await browser?.close();
    await watching?.close();
    rmSync(root, { recursive: true });
  });

  test("100 runs are listed, the newest first, and ten of them drawn", async () => {
    expect(await page.locator(".runs tbody tr").count()).toBe(100);
    expect(await page.locator("aside").innerText()).toContain("100 runs, 10 drawn");
    expect(await page.locator(".runs .name").nth(1).innerText()).toBe("sorting/100");
    expect(await page.locator('figure[data-metric="loss"] .u-wrap > canvas').count()).toBe(1);
  });

  test("the line nearest to the pointer is named, and drawn above the others", async () => {
    const chart = page.locator('figure[data-metric="loss"]');
    const { x, y, width, height } = (await chart.locator(".u-over").boundingBox())!;
    const above = chart.locator(".u-over canvas");
    const drawn = () => above.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    const empty = await drawn();
    await page.mouse.move(x + width / 2, y + height / 2);
    await expect.poll(() => chart.locator(".readout").innerText()).toMatch(/^sorting\/100 step \d+,\d+: 0\.0\d+$/);
    expect(await drawn()).not.toBe(empty);
    await page.mouse.move(0, 0);
    await expect.poll(drawn).toBe(empty);
    expect(await chart.locator(".readout").innerText()).toBe("");
  });

  test("what is measured while the page is open appears by itself", async () => {
    appendFileSync(join(root, "sorting/100/metrics.jsonl"), '{"step":100001,"accuracy":0.5}\n');
    await page.waitForSelector('figure[data-metric="accuracy"] canvas');
  });

  test("runs are filtered by settings, chosen, and compared; the address keeps the choice", async () => {
    await page.getByRole("searchbox").fill("learningrate=0.01 seed=4");
    await expect.poll(() => page.locator(".runs tbody tr").count()).toBe(6); // seeds 4, 40, 42, 44, 46, 48
    await page.getByRole("button", { name: "none" }).click();
    await page.getByRole("checkbox", { name: "draw sorting/4", exact: true }).check();
    await page.getByRole("checkbox", { name: "draw sorting/40" }).check();
    await page.getByRole("tab", { name: "table" }).click();
    const table = page.locator("main .runs");
    await expect.poll(() => table.innerText()).toContain("seed");
    expect(await table.innerText()).not.toContain("learningRate"); // the same in all that are shown
    await table.getByRole("button", { name: "seed" }).click();
    const first = table.locator(".name").first();
    await expect.poll(() => first.innerText()).toBe("sorting/4");
    await table.getByRole("button", { name: "seed" }).click();
    await expect.poll(() => first.innerText()).toBe("sorting/48");
    expect(await table.locator('th[aria-sort="descending"]').innerText()).toContain("seed");
    await page.reload();
    await expect.poll(() => page.locator("main").innerText()).toContain("6 of 100 runs, 2 drawn");
    expect(await first.innerText()).toBe("sorting/48");
    await page.getByRole("tab", { name: "curves" }).click();
  });

  test("runs that differ only in their seeds are one line, and so are those of an experiment", async () => {
    await page.getByRole("searchbox").fill("sorting/");
    await page.getByRole("combobox", { name: "a line for each" }).selectOption("seed");
    await expect.poll(() => page.locator(".runs tbody tr").count()).toBe(2);
    const names = await page.locator(".runs tbody").innerText();
    for (const text of ["learningRate 0.01 49 runs", "learningRate 0.001 49 runs", "0.00522 ± 0.00044"])
      expect(names).toContain(text);
    await page.getByRole("combobox", { name: "a line for each" }).selectOption("experiment");
    await expect.poll(() => page.locator(".runs tbody tr").count()).toBe(1);
    await page.getByRole("combobox", { name: "a line for each" }).selectOption("run");
  });

  test("each chart is zoomed for itself; axes, scales and ranges are in the address", async () => {
    await page.getByRole("button", { name: "none" }).click();
    await page.getByRole("checkbox", { name: "draw sorting/100" }).check();
    const plot = page.locator('figure[data-metric="loss"] .u-over');
    const { x, y, width, height } = (await plot.boundingBox())!;
    await page.mouse.move(x + width / 4, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 5 });
    await page.mouse.up();
    const ranges = () =>
      JSON.parse(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("ranges") ?? "{}") as object;
    await expect.poll(() => Object.keys(ranges())).toEqual(["loss"]);
    const [from, to] = (ranges() as { loss: [number, number] }).loss;
    expect(from / 100_000).toBeCloseTo(0.25, 1);
    expect(to / 100_000).toBeCloseTo(0.5, 1);
    await page.getByRole("checkbox", { name: "log x" }).check();
    await page.getByRole("button", { name: "whole range" }).click();
    await expect.poll(() => new URL(page.url()).hash).toMatch(/logX=true/);
    await page.getByRole("checkbox", { name: "log x" }).uncheck();
  });

  test("tags and notes are saved, hidden runs are left out, and a run is deleted after a question", async () => {
    const open = (name: string) => page.getByRole("button", { name, exact: true }).click();
    await page.getByRole("searchbox").fill("sorting/98");
    await open("sorting/98");
    await page.getByLabel("tags, separated by commas").fill("good, look again");
    await page.getByLabel("note").fill("the best so far");
    await open("save");
    await expect.poll(() => page.locator(".runs .tag").allInnerTexts()).toEqual(["good", "look again"]);
    const notes = JSON.parse(readFileSync(join(root, "sorting/98/notes.json"), "utf8")) as object;
    expect(notes).toEqual({ tags: ["good", "look again"], note: "the best so far", hidden: false });
    await open("sorting/98");
    await open("hide from the list");
    await expect.poll(() => page.locator(".runs tbody tr").count()).toBe(0);
    await page.getByRole("checkbox", { name: "hidden runs" }).check();
    await open("sorting/98");
    await open("delete…");
    expect(existsSync(join(root, "sorting/98"))).toBe(true);
    expect(await page.getByRole("dialog").innerText()).toContain("Delete sorting/98, with checkpoints");
    await open("delete sorting/98");
    await expect.poll(() => existsSync(join(root, "sorting/98"))).toBe(false);
    await page.getByRole("checkbox", { name: "hidden runs" }).uncheck();
  });

  test("runs of several settings are lines across parallel axes", async () => {
    await page.getByRole("searchbox").fill("sorting/");
    await page.getByRole("button", { name: "all", exact: true }).click();
    await page.getByRole("tab", { name: "sweep" }).click();
    const picture = page.locator("svg.parallel");
    await expect.poll(() => picture.locator("path").count()).toBe(98);
    expect(await picture.textContent()).toMatch(/learningRate[^]*0.001[^]*0.01/);
    await page.getByRole("tab", { name: "histograms" }).click();
    await expect
      .poll(() => page.locator("main").innerText())
      .toContain("24 of 24 runs: no histograms; runs with --histograms write them.");
    expect(await page.locator("article").count()).toBe(0);
    await page.getByRole("tab", { name: "curves" }).click();
  });

  test("a hostile name, setting, sample, finding and parameter are shown as text", async () => {
    await page.getByRole("searchbox").fill("img");
    await page.getByRole("button", { name: "all", exact: true }).click();
    for (const tab of ["curves", "table", "sweep", "samples", "model", "histograms", "findings"]) {
      await page.getByRole("tab", { name: tab }).click();
      await expect
        .poll(() => page.locator("main").innerText(), { message: tab })
        .toContain(
          tab === "histograms" ? "step 2" : tab === "sweep" ? "No runs in the list differ" : "<script>alert(1)",
        );
    }
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.locator("script").count()).toBe(1);
  });

  test("the address is shown without its token; links, updates and other tabs work without it", async () => {
    const { origin, port, searchParams } = new URL(watching.url);
    const address = new URL(page.url());
    expect([address.origin, address.search]).toEqual([origin, ""]);
    expect((await page.context().cookies()).map(({ name, value }) => [name, value])).toEqual([
      [`ansatz-${port}`, searchParams.get("token")],
    ]);
    const tab = await page.context().newPage();
    await tab.goto(origin);
    await tab.waitForSelector(".runs tr");
    expect((await tab.goto(`${origin}/report?run=sorting/1`))?.status()).not.toBe(403);
    await tab.close();
  });

  test("there was no error, no dialog and no request to another host", () => {
    expect(complaints).toEqual([]);
  });

  test("another user's browser is told where the address is; a page whose server was started again, too", async () => {
    const stranger = await browser.newContext();
    const tab = await stranger.newPage();
    expect((await tab.goto(new URL(watching.url).origin))?.status()).toBe(403);
    expect(await tab.locator("body").innerText()).toContain("Open the whole address that `ansatz watch` printed");
    await stranger.close();
    await page.context().clearCookies();
    await expect.poll(() => page.getByRole("status").innerText()).toContain("open the address that it printed");
  });
});
