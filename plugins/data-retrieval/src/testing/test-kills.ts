import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { tensor, use } from "@ansatz/core";
import type { Backend } from "@ansatz/core/plugin";
import { expect, test } from "vitest";
import { RetrievalError, VectorIndex } from "../index.ts";
import type { CreateDatabase } from "./test-database.ts";

export interface TestKillsOptions {
  /** The path of a program that uses a backend and calls `indexUntilKilled`, with the arguments folder and first. */
  readonly program: string;
  /** How often it is killed. The full tests kill it 20 times. */
  readonly kills: number;
}

/** Declares a test that kills a program at many moments: no passage that was reported as stored is lost. */
export function testKills(
  create: CreateDatabase,
  backend: () => Backend | Promise<Backend>,
  { program, kills }: TestKillsOptions,
): void {
  const full = process.env["ANSATZ_TEST_FULL"] !== undefined;
  const count = full ? 20 : kills;
  test(
    `${count} kills lose no passage that was reported as stored, and leave one whole version`,
    async () => {
      await use(await backend());
      const folder = mkdtempSync(join(tmpdir(), "kills-"));
      const place = join(folder, "index");
      let stored = 0;
      const versions = new Set<string>();
      for (let kill = 0; kill < count; kill++) {
        const lines = [4, 1, 3, 2, 5, 7][kill % 6]!;
        stored = await killed(program, place, stored, lines, (kill * 37) % 101);
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
      rmSync(folder, { recursive: true, force: true });
    },
    full ? 1_800_000 : 300_000,
  );
}

/** Runs the program, kills it so long after it has written so many lines, and returns how much it stored. */
async function killed(program: string, place: string, stored: number, lines: number, delay: number): Promise<number> {
  const loader = pathToFileURL(createRequire(program).resolve("tsx")).href;
  const flags = ["--conditions=source", "--import", loader];
  const child = spawn(process.execPath, [...flags, program, place, String(stored)], { stdio: "pipe" });
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
