import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, key, normal, ones, StateError } from "@ansatz/core";
import { VectorIndex, type Passage } from "@ansatz/data-retrieval";
import { testDatabase, testKills } from "@ansatz/data-retrieval/testing";
import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
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

const named = (id: string, text = `text of ${id}`): Passage => ({ id, text, source: "s", place: 0 });
const many = (count: number) => Array.from({ length: count }, (_, i) => named(`p${i}`));
const vectors = (count: number, width: number) => normal(key(1), [count, width]);
let folders = 0;
const place = () => join(folder, String(++folders));

test("a second one that opens the folder is refused, and takes nothing away", async () => {
  const at = place();
  const writer = await VectorIndex.open(create(at), { version: "1", width: 2 });
  await writer.add([named("a")], ones([1, 2]));
  symlinkSync(at, `${at}-link`);
  for (const same of [at, `${at}/`, `file://${at}`, `${at}-link`]) {
    const reader = VectorIndex.open(pglite(same));
    await expect(reader).rejects.toThrow(StateError);
    await expect(reader).rejects.toThrow(
      /another process has it open\n {2}close it there, or give each its own folder/,
    );
  }
  await writer.add([named("b")], ones([1, 2]));
  const database = pglite(at);
  await expect(VectorIndex.open(database)).rejects.toThrow(/another process/);
  await writer.close();
  expect(existsSync(`${at}.lock`)).toBe(false);
  const again = await VectorIndex.open(database); // the same that was refused
  expect(again.length).toBe(2);
  await again.close();
});

test("a folder with other files, or without PG_VERSION, is an error and stays as it is", async () => {
  const at = place();
  mkdirSync(at);
  writeFileSync(join(at, "model.safetensors"), "weights");
  const opening = VectorIndex.open(pglite(at), { version: "1", width: 2 });
  await expect(opening).rejects.toThrow(StateError);
  await expect(opening).rejects.toThrow(/damaged, or not an index: it has files, and no PG_VERSION\n {2}give another/);
  expect(readdirSync(at)).toEqual(["model.safetensors"]);
  expect(existsSync(`${at}.lock`)).toBe(false);

  const index = await VectorIndex.open(create(`${at}-index`), { version: "1", width: 2 });
  await index.add([named("a")], ones([1, 2]));
  await index.close();
  renameSync(join(`${at}-index`, "PG_VERSION"), `${at}-version`);
  await expect(VectorIndex.open(pglite(`${at}-index`), { version: "1", width: 2 })).rejects.toThrow(/damaged/);
  renameSync(`${at}-version`, join(`${at}-index`, "PG_VERSION"));
  const again = await VectorIndex.open(pglite(`${at}-index`));
  expect(again.length).toBe(1);
  await again.close();
});

test("the parents of a folder are made, and a file is a clear error", async () => {
  const at = place();
  const index = await VectorIndex.open(pglite(`file://${at}/deep/index`), { version: "1", width: 1 });
  await index.close();
  expect(existsSync(join(at, "deep", "index", "PG_VERSION"))).toBe(true);
  const file = pglite(join(at, "deep", "index", "PG_VERSION"));
  await expect(VectorIndex.open(file, { version: "1", width: 1 })).rejects.toThrow(
    /PG_VERSION: this is a file\n {2}give/,
  );
});

test("what PostgreSQL and pgvector cannot store is a clear error", async () => {
  const at = place();
  const wide = VectorIndex.open(create(at), { version: "1", width: 16_001 });
  await expect(wide).rejects.toThrow(ArgumentError);
  await expect(wide).rejects.toThrow(/the width is 16001\n {2}pgvector stores vectors of up to 16,000 numbers/);
  const index = await VectorIndex.open(pglite(at), { version: "1", width: 16_000 });
  await expect(index.add([named("a"), named("b", "nul\0")], vectors(2, 16_000))).rejects.toThrow(ArgumentError);
  await expect(index.add([named("\0")], vectors(1, 16_000))).rejects.toThrow(
    /the id of passage "\\u0000" has the char/,
  );
  expect(index.length).toBe(0);
  await index.close();
});

/** Adds the plan of each search to `plans`, until the test ends. */
function watchPlans(): readonly string[] {
  const plans: string[] = [];
  const { transaction } = PGlite.prototype;
  const spy = vi.spyOn(PGlite.prototype, "transaction").mockImplementation(function (this: PGlite, task) {
    return transaction.call(this, (sql) => {
      const query: typeof sql.query = async (text, values) => {
        const { rows } = await sql.query<{ "QUERY PLAN": string }>(`EXPLAIN ${text}`, values);
        plans.push(rows.map((row) => row["QUERY PLAN"]).join("\n"));
        return sql.query(text, values);
      };
      return task({ ...sql, query });
    });
  } as typeof transaction);
  onTestFinished(() => spy.mockRestore());
  return plans;
}

test("from approximateFrom passages on, searches go through the graph, and exact ones don't", async () => {
  const plans = watchPlans();
  const index = await VectorIndex.open(create(place(), { approximateFrom: 64 }), { version: "1", width: 8 });
  await index.add(many(63), vectors(63, 8));
  await index.search(vectors(1, 8), 3);
  await index.add(many(64), vectors(64, 8));
  await index.search(vectors(1, 8), 3, { exact: true });
  await index.search(vectors(1, 8), 3);
  await index.search(vectors(1, 8), 3, { exact: true });
  const graph = "Index Scan using passages_1_vector";
  expect(plans.map((plan) => plan.includes(graph))).toEqual([false, false, true, false]);
  await index.close();
});

test("vectors that are too wide for a graph are compared with all", async () => {
  const plans = watchPlans();
  const index = await VectorIndex.open(create(place(), { approximateFrom: 1 }), { version: "1", width: 2_001 });
  await index.add(many(3), vectors(3, 2_001));
  expect((await index.search(vectors(1, 2_001), 2))[0]!.map(({ id }) => id)).toContain("p0");
  expect(plans).toEqual([expect.stringContaining("Seq Scan")]);
  await index.close();
});

test("the graph finds as many passages as are asked for, best first", async () => {
  const plans = watchPlans();
  const index = await VectorIndex.open(create(place(), { approximateFrom: 64 }), { version: "1", width: 16 });
  await index.add(many(3_000), vectors(3_000, 16));
  const [hits] = await index.search(normal(key(2), [1, 16]), 1_500);
  expect(plans).toEqual([expect.stringContaining("Index Scan")]);
  expect(new Set(hits!.map(({ id }) => id)).size).toBe(1_500);
  const scores = hits!.map(({ score }) => score);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect((await index.search(normal(key(2), [1, 16]), 3_000))[0]).toHaveLength(3_000);
  await index.close();
});

test("a search after one that failed to make the graph tries again", async () => {
  const plans = watchPlans();
  const index = await VectorIndex.open(create(place(), { approximateFrom: 1 }), { version: "1", width: 8 });
  await index.add(many(20), vectors(20, 8));
  const spy = vi.spyOn(PGlite.prototype, "exec").mockRejectedValueOnce(new Error("no space left"));
  onTestFinished(() => spy.mockRestore());
  await expect(index.search(vectors(1, 8), 3)).rejects.toThrow(/no space left/);
  expect((await index.search(vectors(1, 8), 3))[0]).toHaveLength(3);
  expect(plans).toEqual([expect.stringContaining("Index Scan")]);
  await index.close();
});
