import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import {
  add,
  AnsatzError,
  ArgumentError,
  gather,
  key,
  mul,
  normal,
  randomIntegers,
  StateError,
  tensor,
  use,
} from "@ansatz/core";
import { inMemory, recallOf, RetrievalError, VectorIndex, type Passage } from "@ansatz/data-retrieval";
import { testDatabase, testKills } from "@ansatz/data-retrieval/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { lance } from "./index.ts";
import { loadLanceDB } from "./lancedb.ts";

const folder = mkdtempSync(join(tmpdir(), "lance-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => use(cpu()));

let folders = 0;
const place = () => join(folder, String(++folders));
const named = (id: string, text = `text of ${id}`): Passage => ({ id, text, source: "test", place: id.length });
const many = (count: number) => Array.from({ length: count }, (_, i) => named(`p${i}`));
const vectors = (count: number, width: number, seed = 1) => normal(key(seed), [count, width]);
const ids = (hits: readonly (readonly { readonly id: string }[])[]) => hits.map((found) => found.map(({ id }) => id));

const missing = await loadLanceDB().then(
  () => undefined,
  (error: Error) => error.message,
);
const full = process.env["ANSATZ_TEST_FULL"] !== undefined; // then a missing LanceDB is a failure
const skipped = missing !== undefined && !full;
if (skipped) console.warn(`Tests are skipped. ${missing}`);
describe.skipIf(skipped)(`LanceDB${skipped ? `, skipped: ${missing}` : ""}`, () => {
  testDatabase(lance, cpu);
  testKills(lance, cpu, { program: join(import.meta.dirname, "indexing-process.ts"), kills: 2 });

  test("full text stays that of the oracle as passages are added and replaced", async () => {
    const [found, wanted] = [
      await VectorIndex.open(lance(place()), { version: "1", width: 1 }),
      await VectorIndex.open(inMemory(), { version: "1", width: 1 }),
    ];
    const words = ["whale", "ship", "sea", "captain", "white", "harpoon", "the", "of", "and", "a"];
    let state = 7;
    const draw = (below: number) => (state = (state * 1103515245 + 12345) % 2 ** 31) % below;
    const sentence = () => Array.from({ length: 3 + draw(9) }, () => words[Math.min(draw(10), draw(10))]).join(" ");
    for (const from of [0, 40, 20, 90]) {
      // 20: the second half of the first, and the first of the second, again
      const cut = Array.from({ length: 40 }, (_, i) => named(`p${from + i}`, sentence()));
      for (const index of [found, wanted]) await index.add(cut, vectors(40, 1));
      const queries = ["whale", "ship of the captain", "white whale harpoon"];
      const [own, oracle] = [await found.search(queries, 200), await wanted.search(queries, 200)];
      for (const [i, hits] of oracle.entries()) {
        const scores = new Map(own[i]!.map(({ id, score }) => [id, score]));
        expect(scores.size).toBe(hits.length);
        for (const { id, score } of hits) expect(scores.get(id)).toBeCloseTo(score, 4);
      }
    }
  });

  test.runIf(full)(
    "among 100,000 passages it finds 95 % of the nearest ten",
    async () => {
      const [count, asked, width] = [100_000, 100, 64];
      const centers = normal(key(1), [1000, width]);
      const chosen = gather(centers, randomIntegers(key(2), [count + asked], { high: 1000 }));
      const data = await add(chosen, mul(0.7, normal(key(3), [count + asked, width]))).data();
      const rows = (from: number, to: number) =>
        tensor(data.slice(from * width, to * width), { shape: [to - from, width] });
      const index = await VectorIndex.open(lance(place()), { version: "1", width });
      for (let start = 0; start < count; start += 5_000) {
        const cut = Array.from({ length: 5_000 }, (_, i) => named(`p${start + i}`));
        await index.add(cut, rows(start, start + 5_000));
      }
      const recall = await recallOf(index, rows(count, count + asked), 10);
      console.log(`recall@10 among ${count} passages: ${recall.toFixed(4)}`);
      expect(recall).toBeGreaterThanOrEqual(0.95);
      await index.close();
    },
    1_800_000,
  );

  test("a reader keeps its version while another process would rebuild", async () => {
    const at = place();
    const writer = await VectorIndex.open(lance(at), { version: "1", width: 2 });
    await writer.add(many(20), vectors(20, 2));
    const reader = await VectorIndex.open(lance(at));
    await writer.rebuild({ version: "2", embed: (texts) => vectors(texts.length, 3) });
    expect(reader.version).toBe("1");
    expect((await reader.search(vectors(1, 2), 99))[0]).toHaveLength(20);
    expect(readdirSync(at).toSorted()).toEqual(["index.json", "table-1", "table-2"]);
    await writer.rebuild({ version: "3", embed: (texts) => vectors(texts.length, 3) });
    expect(readdirSync(at).toSorted()).toEqual(["index.json", "table-2", "table-3"]);
  });

  test("each file cut, emptied or removed is a clear error, or does no harm", async () => {
    const at = place();
    const index = await VectorIndex.open(lance(at), { version: "1", width: 4 });
    await index.add(many(50), vectors(50, 4));
    const wanted = ids(await index.search(vectors(3, 4, 2), 50));
    const files = readdirSync(at, { recursive: true, encoding: "utf8" }).filter((name) =>
      statSync(join(at, name)).isFile(),
    );
    expect(files.length).toBeGreaterThan(3);
    let errors = 0;
    for (const file of files) {
      const content = readFileSync(join(at, file));
      for (const length of [0, content.length >> 1, content.length - 3, undefined]) {
        const copy = place();
        cpSync(at, copy, { recursive: true });
        if (length === undefined) rmSync(join(copy, file));
        else writeFileSync(join(copy, file), content.subarray(0, length));
        const found = await VectorIndex.open(lance(copy), { version: "1", width: 4 })
          .then((opened) => opened.search(vectors(3, 4, 2), 50))
          .catch((error: unknown) => {
            if (!(error instanceof AnsatzError)) throw error;
            return error.message;
          });
        const what = `${file} cut to ${length ?? "nothing"}`;
        if (typeof found === "string") expect(found, what).toMatch(/damaged/);
        else expect(ids(found), what).toEqual(wanted);
        if (typeof found === "string") errors++;
      }
    }
    expect(errors).toBeGreaterThan(files.length);
  });

  test("folders that are not its own stay: it makes an index only where there is nothing else", async () => {
    const at = place();
    mkdirSync(join(at, "1"), { recursive: true });
    writeFileSync(join(at, "1", "model.safetensors"), "weights");
    const opening = VectorIndex.open(lance(at), { version: "1", width: 2 });
    await expect(opening).rejects.toThrow(ArgumentError);
    await expect(opening).rejects.toThrow(/holds other files\n {2}give an empty folder or one that doesn't exist/);
    expect(readdirSync(at, { recursive: true })).toEqual(["1", "1/model.safetensors"]);

    mkdirSync(join(at, "table-1"));
    writeFileSync(join(at, "table-1", "model.safetensors"), "weights");
    await expect(VectorIndex.open(lance(at), { version: "1", width: 2 })).rejects.toThrow(/damaged/);
    expect(readdirSync(join(at, "table-1"))).toEqual(["model.safetensors"]);

    const file = place();
    writeFileSync(file, "");
    await expect(VectorIndex.open(lance(file), { version: "1", width: 2 })).rejects.toThrow(/ENOTDIR/);
  });

  test("an empty table without a pointer, of a process that was killed at its start, is replaced", async () => {
    const at = place();
    await (await VectorIndex.open(lance(at), { version: "1", width: 2 })).close();
    rmSync(join(at, "index.json"));
    const index = await VectorIndex.open(lance(at), { version: "2", width: 3 });
    expect([index.version, index.length]).toEqual(["2", 0]);
    expect(readdirSync(at).toSorted()).toEqual(["index.json", "table-2"]);
  });

  test("a table whose pointer is lost stays, also if it cannot be read", async () => {
    const at = place();
    const index = await VectorIndex.open(lance(at), { version: "1", width: 2 });
    await index.add(many(3), vectors(3, 2));
    rmSync(join(at, "index.json"));
    await expect(VectorIndex.open(lance(at), { version: "1", width: 2 })).rejects.toThrow(/damaged/);
    const versions = join(at, "table-1", "passages.lance", "_versions");
    for (const name of readdirSync(versions)) rmSync(join(versions, name));
    await expect(VectorIndex.open(lance(at), { version: "1", width: 2 })).rejects.toThrow(/damaged/);
    expect(readdirSync(join(at, "table-1", "passages.lance", "data"))).not.toEqual([]);
  });

  test("what another process has rebuilt is not undone", async () => {
    const at = place();
    const first = await VectorIndex.open(lance(at), { version: "1", width: 2 });
    await first.add(many(20), vectors(20, 2));
    const second = await VectorIndex.open(lance(at));
    await first.rebuild({ version: "2", embed: (texts) => vectors(texts.length, 3) });
    const refused = /another process has rebuilt the index\n {2}open it again/;
    await expect(second.add([named("late")], vectors(1, 2))).rejects.toThrow(refused);
    await expect(second.rebuild({ version: "3", embed: (texts) => vectors(texts.length, 4) })).rejects.toThrow(refused);
    const again = await VectorIndex.open(lance(at));
    expect([again.version, again.width, again.length]).toEqual(["2", 3, 20]);
    expect((await again.search(vectors(1, 3), 99))[0]).toHaveLength(20);
  });

  test("a reader of an empty index learns to open it again", async () => {
    const at = place();
    const writer = await VectorIndex.open(lance(at), { version: "1", width: 2 });
    const reader = await VectorIndex.open(lance(at));
    await writer.add(many(1), vectors(1, 2));
    await expect(reader.search(vectors(1, 2), 1)).rejects.toThrow(/if another process has added some, open it again/);
    expect((await (await VectorIndex.open(lance(at))).search(vectors(1, 2), 1))[0]).toHaveLength(1);
  });

  test("from approximateFrom passages on, searches go through the graph, and exact ones don't", async () => {
    const lancedb = (await loadLanceDB()) as unknown as {
      readonly VectorQuery: { readonly prototype: { toArray(): Promise<unknown[]>; explainPlan(): Promise<string> } };
    };
    const { prototype } = lancedb.VectorQuery;
    const { toArray } = prototype;
    const plans: string[] = [];
    const spy = vi.spyOn(prototype, "toArray").mockImplementation(async function (this: typeof prototype) {
      plans.push(await this.explainPlan());
      return toArray.call(this);
    });
    try {
      const at = place();
      const statistics = async () => {
        const table = await (await (await loadLanceDB()).connect(join(at, "table-1"))).openTable("passages");
        return table.indexStats("vector_idx");
      };
      const index = await VectorIndex.open(lance(at, { approximateFrom: 64 }), { version: "1", width: 8 });
      await index.add(many(63), vectors(63, 8));
      await index.search(vectors(1, 8), 3);
      expect(await statistics()).toBeUndefined();
      await index.add(many(64), vectors(64, 8));
      await index.search(vectors(1, 8), 3, { exact: true });
      expect(await statistics()).toBeUndefined();
      await index.search(vectors(1, 8), 3);
      expect(await statistics()).toMatchObject({ indexType: "IVF_HNSW_SQ", numIndexedRows: 64, numUnindexedRows: 0 });
      await index.search(vectors(1, 8), 3, { exact: true });
      expect(plans.map((plan) => plan.includes("ANNSubIndex"))).toEqual([false, false, true, false]);
    } finally {
      spy.mockRestore();
    }
  });

  test("a search after one that failed to make its index tries again", async () => {
    const { Index } = await loadLanceDB();
    const index = await VectorIndex.open(lance(place(), { approximateFrom: 1 }), { version: "1", width: 8 });
    await index.add(many(20), vectors(20, 8));
    for (const [method, query] of [
      ["hnswSq", vectors(1, 8)],
      ["fts", ["text"]],
    ] as const) {
      const spy = vi.spyOn(Index, method).mockImplementationOnce(() => {
        throw new Error("no space left");
      });
      await expect(index.search(query, 3)).rejects.toThrow(/no space left/);
      expect((await index.search(query, 3))[0]).toHaveLength(3);
      spy.mockRestore();
    }
  });

  test("long words are found, too", async () => {
    const index = await VectorIndex.open(lance(place()), { version: "1", width: 1 });
    const words = [40, 41, 200, 5_000].map((length) => "w".repeat(length));
    await index.add(
      words.map((word, i) => named(`p${i}`, `the ${word}`)),
      vectors(4, 1),
    );
    expect(ids(await index.search(words, 9))).toEqual([["p0"], ["p1"], ["p2"], ["p3"]]);
  });

  test("a pointer with other content is damaged", async () => {
    const at = place();
    await (await VectorIndex.open(lance(at), { version: "1", width: 4 })).close();
    for (const content of [
      "",
      "{",
      "null",
      "[]",
      '{"number":1,"state":1,"version":1,"width":4}',
      '{"number":1,"state":1,"version":"1","width":5}',
      '{"number":1,"state":9,"version":"1","width":4}',
    ]) {
      writeFileSync(join(at, "index.json"), content);
      await expect(VectorIndex.open(lance(at))).rejects.toThrow(RetrievalError);
    }
  });
});

test("without LanceDB, the error has the command that installs it", async () => {
  const empty = place();
  mkdirSync(empty);
  vi.stubEnv("XDG_CACHE_HOME", empty);
  try {
    const opening = VectorIndex.open(lance(place()), { version: "1", width: 1 });
    await expect(opening).rejects.toThrow(StateError);
    await expect(opening).rejects.toThrow(/LanceDB is not installed\n {2}npm install @lancedb\/lancedb\n/);
  } finally {
    vi.unstubAllEnvs();
  }
});
