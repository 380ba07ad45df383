import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cpu } from "@ansatz/backend-cpu";
import { tensor, use } from "@ansatz/core";
import { afterAll, expect, test } from "vitest";
import { lance, pglite, RetrievalError, VectorIndex } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "kills-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const full = process.env["ANSATZ_TEST_FULL"] !== undefined;

/** Runs an indexing process, kills it so long after it has written so many lines, and returns how much it stored. */
async function killed(kind: string, place: string, stored: number, lines: number, delay: number): Promise<number> {
  const program = join(import.meta.dirname, "indexing-process.ts");
  const flags = ["--conditions=source", "--import", loader];
  const child = spawn(process.execPath, [...flags, program, kind, place, String(stored)], { stdio: "pipe" });
  let [written, failure] = ["", ""];
  child.stderr.on("data", (chunk: Buffer) => (failure += chunk.toString()));
  child.stdout.on("data", (chunk: Buffer) => {
    written += chunk.toString();
    if (written.split("\n").length > lines) setTimeout(() => child.kill("SIGKILL"), delay);
  });
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  expect(signal, failure).toBe("SIGKILL"); // it did not end by an error of its own
  return Math.max(stored, ...[...written.matchAll(/stored (\d+)/g)].map(([, count]) => Number(count)));
}

test.each([
  ["lance", full ? 20 : 2, (place: string) => lance(place)],
  ["pglite", full ? 20 : 1, (place: string) => pglite(place)],
])(
  "%s: %i kills lose no passage that was reported as stored, and leave one whole version",
  async (kind, kills, create) => {
    await use(cpu());
    const place = join(folder, kind);
    let stored = 0;
    const versions = new Set<string>();
    for (let kill = 0; kill < kills; kill++) {
      const lines = [4, 1, 3, 2, 5, 7][kill % 6]!;
      stored = await killed(kind, place, stored, lines, (kill * 37) % 101);
      const index = await VectorIndex.open(create(place)).catch((error: unknown) => {
        if (stored > 0 || !(error instanceof RetrievalError)) throw error;
        return undefined; // it was killed before there was an index
      });
      if (index === undefined) continue;
      versions.add(index.version);
      // What was being added when the process was killed is there whole or not at all.
      expect(index.length % 5).toBe(0);
      expect(index.length - stored).toBeLessThanOrEqual(5);
      if (index.length > 0) {
        const [hits] = await index.search(tensor([[0, 1]]), 10_000);
        const found = hits!.map(({ text, vector }) => [text, ...vector]);
        const version = Number(index.version);
        expect(found).toEqual(Array.from({ length: index.length }, (_, i) => [`${i}`, version, i]).toReversed());
        expect(found.length).toBeGreaterThanOrEqual(stored);
      }
      await index.close();
    }
    expect(stored).toBeGreaterThan(0);
    if (full) expect(versions.size).toBeGreaterThan(2);
  },
  full ? 1_800_000 : 300_000,
);
