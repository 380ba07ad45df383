import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { testDatabase, testKills } from "@ansatz/data-retrieval/testing";
import { afterAll, beforeAll } from "vitest";
import { pglite, type PGliteOptions } from "./index.ts";

/** PostgreSQL takes seconds to make its folder, so each test has a copy of one. */
const folder = mkdtempSync(join(tmpdir(), "pglite-"));
const template = join(folder, "template");
beforeAll(async () => {
  const database = pglite(template);
  await database.load();
  await database.close();
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const create = (place: string, options?: PGliteOptions) => {
  if (!existsSync(place)) cpSync(template, place, { recursive: true });
  return pglite(place, options);
};
testDatabase(create, cpu);
testKills(create, cpu, { program: join(import.meta.dirname, "indexing-process.ts"), kills: 1 });
