import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { ansatz } from "../command/testing.ts";
import { hostile } from "../report/testing.ts";
import { chromiumPath, startChromium } from "../watch/testing.ts";
import type { Flame } from "./flame-graph.ts";
import { flamePage } from "./flame-page.ts";

const part = (name: string, milliseconds: number, ...children: Flame[]): Flame => ({ name, milliseconds, children });
const flame = part(
  "a step",
  10,
  part("session", 8, part("blocks.0", 6, part("matmul", 5)), part(hostile, 2)),
  part("update", 2),
);

const reason = chromiumPath === undefined ? " (skipped: no Chromium here; install it, or name it in CHROMIUM)" : "";

describe.skipIf(chromiumPath === undefined)(`the flame graph in Chromium${reason}`, () => {
  test("draws parts as wide as they take long, zooms by a click, and highlights what is searched", async () => {
    const folder = mkdtempSync(join(tmpdir(), "flame-"));
    const browser = await startChromium();
    try {
      const path = join(folder, "profile.html");
      writeFileSync(path, flamePage(flame, "a table"));
      const page = await browser.newPage({ viewport: { width: 1_000, height: 600 } });
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => complaints.push(message.text()));
      page.on("dialog", (dialog) => {
        complaints.push("dialog");
        void dialog.dismiss();
      });
      await page.goto(pathToFileURL(path).href);
      const widthOf = async (name: string) => (await page.locator(".frame", { hasText: name }).boundingBox())!.width;
      const whole = await widthOf("a step");
      expect((await widthOf("blocks.0")) / whole).toBeCloseTo(0.6, 2);
      expect(await page.locator(".frame", { hasText: hostile }).count()).toBe(1);
      await page.locator(".frame", { hasText: "blocks.0" }).click();
      expect(await widthOf("blocks.0")).toBeCloseTo(whole, 0);
      expect((await widthOf("matmul")) / whole).toBeCloseTo(5 / 6, 2);
      expect(await page.locator("#detail").textContent()).toBe("blocks.0: 6.000 ms, 60.00 % of the step");
      await page.locator("#search").fill("MATM");
      expect(await page.locator(".found").allTextContents()).toEqual(["matmul"]);
      await page.keyboard.press("Escape");
      expect((await widthOf("blocks.0")) / whole).toBeCloseTo(0.6, 2);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true });
    }
  });
});

test("the command prints the parts and writes the page", async () => {
  const folder = mkdtempSync(join(tmpdir(), "profile-"));
  try {
    const path = join(import.meta.dirname, "../testing/small-experiment.ts");
    const { status, output, errors } = await ansatz(
      ["profile", path, "--backend", "cpu", "--measured-steps", "3", "--output", "flames.html"],
      folder,
    );
    expect([status, errors]).toEqual([0, ""]);
    expect(output).toContain("the mean of 3.");
    expect(output).toMatch(/^session +\d/m);
    expect(output.trim().split("\n").at(-1)).toBe("flames.html");
    expect(readFileSync(join(folder, "flames.html"), "utf8")).toContain('id="graph"');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the command needs an experiment and knows its options", async () => {
  const none = await ansatz(["profile"], tmpdir());
  expect([none.status, none.errors]).toEqual([2, expect.stringContaining("profile needs the name of an experiment")]);
  expect((await ansatz(["profile", "--help"], tmpdir())).output).toContain("--measured-steps");
});
