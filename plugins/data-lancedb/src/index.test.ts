import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { add, AnsatzError, gather, key, mul, normal, randomIntegers, StateError, tensor, use } from "@ansatz/core";
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
    "among 100,000 passages it finds 95 % of the nearest ten, faster than by comparing with all",
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
      expect(await recallOf(index, rows(count, count + asked), 10)).toBeGreaterThan(0.95);
      const median = async (exact: boolean) => {
        const times: number[] = [];
        for (let i = 0; i < asked; i++) {
          const [query, began] = [rows(count + i, count + i + 1), performance.now()];
          await index.search(query, 10, { exact });
          times.push(performance.now() - began);
        }
        return times.toSorted((a, b) => a - b)[asked / 2]!;
      };
      const [found, compared] = [await median(false), await median(true)];
      console.log(`median of a search: ${found.toFixed(1)} ms; by comparing with all: ${compared.toFixed(1)} ms`);
      expect(found).toBeLessThan(compared);
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
    expect(readdirSync(at).toSorted()).toEqual(["1", "2", "index.json"]);
    await writer.rebuild({ version: "3", embed: (texts) => vectors(texts.length, 3) });
    expect(readdirSync(at).toSorted()).toEqual(["2", "3", "index.json"]);
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
