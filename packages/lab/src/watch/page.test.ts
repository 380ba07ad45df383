import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { hostile, makeRunFolder, measurements } from "../report/testing.ts";
import { chromiumPath, startChromium } from "./browser.ts";
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
    expect(await page.locator(".runs li").count()).toBe(100);
    expect(await page.locator("aside").innerText()).toContain("100 runs, 10 drawn");
    expect(await page.locator(".runs li .name").nth(1).innerText()).toBe("sorting/100");
    expect(await page.locator('figure[data-metric="loss"] canvas').count()).toBe(1);
  });

  test("what is measured while the page is open appears by itself", async () => {
    appendFileSync(join(root, "sorting/100/metrics.jsonl"), '{"step":100001,"accuracy":0.5}\n');
    await page.waitForSelector('figure[data-metric="accuracy"] canvas');
  });

  test("runs are filtered by settings, chosen, and compared; the address keeps the choice", async () => {
    await page.getByRole("searchbox").fill("learningrate=0.01 seed=4");
    await expect.poll(() => page.locator(".runs li").count()).toBe(6); // seeds 4, 40, 42, 44, 46, 48
    await page.getByRole("button", { name: "none" }).click();
    await page.getByRole("checkbox", { name: "sorting/4", exact: true }).check();
    await page.getByRole("checkbox", { name: "sorting/40" }).check();
    await page.getByRole("tab", { name: "settings" }).click();
    const table = await page.locator("main table").innerText();
    expect(table).toContain("seed\t40\t4");
    expect(table).not.toContain("learningRate"); // the same in both
    await page.reload();
    await expect.poll(() => page.locator("aside").innerText()).toContain("6 of 100 runs, 2 drawn");
    expect(await page.locator("main table").innerText()).toContain("seed\t40\t4");
  });

  test("a hostile name, setting, sample, finding and parameter are shown as text", async () => {
    await page.getByRole("searchbox").fill("img");
    await page.getByRole("button", { name: "all", exact: true }).click();
    for (const tab of ["curves", "settings", "samples", "model", "histograms", "findings"]) {
      await page.getByRole("tab", { name: tab }).click();
      await expect
        .poll(() => page.locator("main").innerText(), { message: tab })
        .toContain(tab === "histograms" ? "step 2" : "<script>alert(1)");
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
    await tab.waitForSelector(".runs li");
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
