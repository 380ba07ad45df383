/**
 * How fast the page of `ansatz watch` is, in Chromium: `npx tsx --conditions=source bench/watch-page.ts [RUNS]`. It
 * opens a folder of 1,000 runs with 1,000 points each and one with a million, and moves the pointer over their lines.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChromium } from "../packages/lab/src/watch/testing.ts";

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof startChromium>>["newPage"]>>;

const count = Number(process.argv[2] ?? 1_000);
const root = mkdtempSync(join(tmpdir(), "watch-page-"));
const makeRun = (name: string, seed: number, points: number) => {
  const folder = join(root, name);
  const learningRate = 10 ** -(1 + (seed % 5));
  mkdirSync(folder, { recursive: true });
  const json = (file: string, value: object) => writeFileSync(join(folder, file), JSON.stringify(value));
  const started = new Date(1.75e12 + 60_000 * seed).toISOString();
  json("run.json", { experiment: name.split("/")[0], started, seed, backend: "onnx", node: process.version });
  json("settings.json", { learningRate, width: 16 << (seed % 3), steps: points, seed });
  json("status.json", { state: "ended", step: points, steps: points });
  const lossAt = (step: number) => seed / 100 + 5 / Math.sqrt(step) + 0.2 * Math.random();
  const lines = Array.from({ length: points }, (_, i) => `{"step":${i + 1},"loss":${lossAt(i + 1).toFixed(5)}}\n`);
  writeFileSync(join(folder, "metrics.jsonl"), lines.join(""));
  json("result.json", { loss: lossAt(points) });
};
for (let seed = 1; seed <= count; seed++) makeRun(`many/${seed}`, seed, 1_000);
makeRun("long/1", 0, 1_000_000);

/** The times between frames while the pointer moves over the first chart, in milliseconds, in order of size. */
async function framesUnderPointer(page: Page): Promise<number[]> {
  const { x, y, width, height } = (await page.locator(".u-over").first().boundingBox())!;
  // As text, because the loader adds to functions what the page does not have.
  await page.evaluate(
    "times = []; frame = (at) => { times.push(at); requestAnimationFrame(frame); }; requestAnimationFrame(frame)",
  );
  for (let i = 0; i < 240; i++)
    await page.mouse.move(x + (width * (i % 80)) / 80, y + height * (0.5 + 0.4 * Math.sin(i / 5)));
  const times = await page.evaluate<number[]>("times");
  return times
    .slice(1)
    .map((at, i) => at - times[i]!)
    .toSorted((a, b) => a - b);
}

const show = (sorted: readonly number[], share: number) => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(1);
const browser = await startChromium();
const words = [...process.execArgv, join(import.meta.dirname, "../packages/lab/src/command/index.ts"), "watch", root];
const server = spawn(process.execPath, [...words, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
const [said] = (await once(server.stdout, "data")) as [Buffer];
const { url } = JSON.parse(said.toString()) as { readonly url: string };
try {
  const views: string[] = [];
  for (let i = 0; i < 5; i++) {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await page.goto(url, { waitUntil: "commit" });
    const since = async (selector: string) => {
      await page.locator(selector).first().waitFor();
      return Math.round(await page.evaluate<number>("performance.now()"));
    };
    views.push(`${(await Promise.all([since(".runs tbody tr"), since(".u-over")])).join(" and ")} ms`);
    await page.close();
  }
  console.log(`first view of ${count} runs: the table and the chart are there after ${views.join(", ")}`);
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await page.goto(url);
  for (const [what, filter] of [
    [`${count} lines`, "many"],
    ["a line of a million points", "long"],
  ] as const) {
    await page.getByRole("searchbox").fill(filter);
    await page.getByRole("button", { name: "all", exact: true }).click();
    await page.waitForTimeout(4_000);
    const frames = await framesUnderPointer(page);
    console.log(
      `${what} under the pointer: ${show(frames, 0.5)} ms a frame at the median, ` +
        `${show(frames, 0.95)} at the 95th percentile, ${show(frames, 1)} at most, of ${frames.length}`,
    );
  }
} finally {
  await browser.close();
  server.kill();
  rmSync(root, { recursive: true });
}
