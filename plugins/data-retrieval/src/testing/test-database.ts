import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArgumentError, key, normal, ShapeError, slice, StateError, tensor, use, type Tensor } from "@ansatz/core";
import type { Backend } from "@ansatz/core/plugin";
import { afterAll, beforeAll, expect, test } from "vitest";
import { passages, recallOf, VectorIndex, type Database, type Passage } from "../index.ts";

const named = (id: string, text = `text of ${id}`): Passage => ({ id, text, source: "test", place: id.length });
const many = (count: number, from = 0) => Array.from({ length: count }, (_, i) => named(`p${from + i}`));
const vectors = (count: number, width: number, seed = 1): Tensor => normal(key(seed), [count, width]);
const ids = (hits: readonly (readonly { readonly id: string }[])[]) => hits.map((found) => found.map(({ id }) => id));

/** Makes a database in a folder, which need not exist. Searches are approximate from so many passages on. */
export type CreateDatabase = (folder: string, options?: { readonly approximateFrom: number }) => Database;

/**
 * Declares the tests that every database must pass: searches against brute force, BM25 against its formula, rebuilds
 * that go through and that fail, bad input; and that an index is there after it was closed, unless it isn't `kept`.
 */
export function testDatabase(
  create: CreateDatabase,
  backend: () => Backend | Promise<Backend>,
  { kept = true }: { readonly kept?: boolean } = {},
): void {
  const folder = mkdtempSync(join(tmpdir(), "databases-"));
  let folders = 0;
  const place = () => join(folder, String(++folders));
  beforeAll(async () => use(await backend()));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ["one by one", undefined],
    ["with a graph", { approximateFrom: 64 }],
  ])("%s, it finds by inner product what brute force finds", async (_how, options) => {
    const index = await VectorIndex.open(create(place(), options), { version: "1", width: 16 });
    const data = vectors(300, 16);
    await index.add(many(200), slice(data, [[0, 200]]));
    await index.add(many(100, 200), slice(data, [[200, 300]]));
    expect(index.length).toBe(300);
    const queries = vectors(10, 16, 2);
    const [rows, asked] = [await data.array(), await queries.array()] as unknown as [number[][], number[][]];
    const wanted = asked.map((query) =>
      rows
        .map((row, i) => ({ id: `p${i}`, score: row.reduce((sum, value, j) => sum + value * query[j]!, 0) }))
        .toSorted((a, b) => b.score - a.score)
        .slice(0, 5),
    );
    const exact = await index.search(queries, 5, { exact: true });
    expect(ids(exact)).toEqual(ids(wanted));
    for (const [i, hits] of exact.entries())
      for (const [j, hit] of hits.entries()) {
        expect(hit.score).toBeCloseTo(wanted[i]![j]!.score, 4);
        expect(hit).toMatchObject(named(hit.id));
        expect([...hit.vector]).toEqual(rows[Number(hit.id.slice(1))]!);
      }
    expect(await recallOf(index, queries, 5)).toBeGreaterThanOrEqual(0.95);
    for (const exact of [true, false])
      expect((await index.search(queries, 1000, { exact })).map((hits) => hits.length)).toEqual(Array(10).fill(300));
    await index.close();
  });

  test("a passage that is added again replaces the first", async () => {
    const index = await VectorIndex.open(create(place()), { version: "1", width: 2 });
    await index.add(
      [named("a"), named("b")],
      tensor([
        [1, 0],
        [0, 1],
      ]),
    );
    expect(ids(await index.search(["text"], 9))[0]!.toSorted()).toEqual(["a", "b"]);
    await index.add([named("a", "new")], tensor([[-1, 0]]));
    expect(ids(await index.search(["text", "new"], 9))).toEqual([["b"], ["a"]]);
    expect(index.length).toBe(2);
    const [hits] = await index.search(tensor([[-1, 0]]), 2);
    expect(hits!.map(({ id, text, score }) => [id, text, score + 0])).toEqual([
      ["a", "new", 1],
      ["b", "text of b", 0],
    ]);
    await index.close();
  });

  test("full text is BM25, also for passages that were added later", async () => {
    const index = await VectorIndex.open(create(place()), { version: "1", width: 1 });
    const texts = ["the whale swam and the whale dived", "a ship sailed", "The ship met a Whale.", "words, words"];
    const first = texts.slice(0, 2).map((text, i) => named(String(i), text));
    await index.add(first, tensor([[1], [1]]));
    expect(ids(await index.search(["whale"], 3))).toEqual([["0"]]);
    await index.add(
      texts.slice(2).map((text, i) => named(String(i + 2), text)),
      tensor([[1], [1]]),
    );
    const [found, nothing] = await index.search(["ship whale", "?! zebra"], 9);
    expect(nothing).toEqual([]);
    // By hand: N = 4; "whale" is in 2 passages, "ship" in 2: ln(1 + 2.5 / 2.5) = ln 2. Lengths 7, 3, 5, 2; mean 17/4.
    const term = (frequency: number, length: number) =>
      (Math.LN2 * frequency * 2.2) / (frequency + 1.2 * (0.25 + (0.75 * length) / 4.25));
    const wanted = [
      ["2", 2 * term(1, 5)],
      ["0", term(2, 7)],
      ["1", term(1, 3)],
    ] as const;
    expect(found!.map(({ id }) => id)).toEqual(wanted.map(([id]) => id));
    for (const [i, [, score]] of wanted.entries()) expect(found![i]!.score).toBeCloseTo(score, 5);
    await index.close();
  });

  test("a rebuild replaces the embeddings at once; what is added meanwhile is embedded, too", async () => {
    const index = await VectorIndex.open(create(place()), { version: "old", width: 2 });
    await index.add(many(10), vectors(10, 2));
    let release: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (release = resolve));
    const batches: string[][] = [];
    const rebuilt = index.rebuild({
      version: "new",
      batch: 4,
      embed: async (texts) => {
        batches.push([...texts]);
        await waiting;
        return tensor(texts.map((text) => [text.length, 1, text === "text of late" ? 9 : 0]));
      },
    });
    await expect(index.rebuild({ version: "x", embed: () => vectors(1, 2) })).rejects.toThrow(StateError);
    await index.add([named("late", "a first text"), named("p3", "changed")], vectors(2, 2));
    await index.add([named("late")], vectors(1, 2));
    expect([index.version, index.width, index.length]).toEqual(["old", 2, 11]);
    expect((await index.search(vectors(1, 2), 20))[0]).toHaveLength(11);
    release();
    await rebuilt;
    expect([index.version, index.width, index.length]).toEqual(["new", 3, 11]);
    expect(Math.max(...batches.map((texts) => texts.length))).toBeLessThanOrEqual(4);
    const [hits] = await index.search(tensor([[0, 0, 1]]), 20);
    expect(hits![0]!.id).toBe("late");
    const changed = hits!.find(({ id }) => id === "p3")!;
    expect([changed.text, ...changed.vector]).toEqual(["changed", 7, 1, 0]);
    await index.rebuild({ version: "third", embed: (texts) => vectors(texts.length, 5) });
    expect([index.version, index.width, index.length]).toEqual(["third", 5, 11]);
    await index.close();
  });

  test("a rebuild that fails leaves the index as it was", async () => {
    const index = await VectorIndex.open(create(place()), { version: "old", width: 2 });
    await index.add(many(10), vectors(10, 2));
    const failing = (of: (call: number, count: number) => Tensor) => {
      let call = 0;
      return index.rebuild({ version: "new", batch: 4, embed: (texts) => of(call++, texts.length) });
    };
    await expect(
      failing((call, count) => {
        if (call === 1) throw new RangeError("no");
        return vectors(count, 3);
      }),
    ).rejects.toThrow(RangeError);
    await expect(failing((call, count) => vectors(count, 3 + call))).rejects.toThrow(ShapeError);
    await expect(
      failing((_, count) => tensor(new Float32Array(count * 2).fill(NaN), { shape: [count, 2] })),
    ).rejects.toThrow(/NaN/);
    expect([index.version, index.width, index.length]).toEqual(["old", 2, 10]);
    expect((await index.search(vectors(1, 2), 20))[0]).toHaveLength(10);
    const closed = failing((_, count) => vectors(count, 2));
    await Promise.all([expect(closed).rejects.toThrow(/closed/), index.close()]);
  });

  test("vectors of the old model are refused after a rebuild that went by in between", async () => {
    const index = await VectorIndex.open(create(place()), { version: "old", width: 2 });
    await index.add(many(4), vectors(4, 2));
    const rebuilt = index.rebuild({
      version: "new",
      embed: async (texts) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return vectors(texts.length, 2);
      },
    });
    const slow = { shape: [1, 2], data: () => rebuilt.then(() => new Float32Array(2)) } as unknown as Tensor;
    await expect(index.add([named("slow")], slow)).rejects.toThrow(/rebuild replaced version old by new/);
    await index.close();
  });

  test("bad input is a clear error", async () => {
    const index = await VectorIndex.open(create(place()), { version: "1", width: 2 });
    await expect(index.search(vectors(1, 2), 1)).rejects.toThrow(/the index is empty\n  add passages/);
    await expect(index.rebuild({ version: "2", embed: () => vectors(1, 2) })).rejects.toThrow(/the index is empty/);
    await expect(index.add([], vectors(1, 2))).rejects.toThrow(ArgumentError);
    await expect(index.add(many(2), vectors(1, 2))).rejects.toThrow(/\[1,2\], not \[2, 2\]/);
    await expect(index.add(many(1), vectors(1, 3))).rejects.toThrow(/\[1,3\], not \[1, 2\]\n.*rebuild/);
    await expect(index.add([named("a"), named("a")], vectors(2, 2))).rejects.toThrow(/two passages have the id "a"/);
    await expect(
      index.add(
        many(2),
        tensor([
          [0, 1],
          [0, Infinity],
        ]),
      ),
    ).rejects.toThrow(/vector 1 has the element Inf/);
    expect(index.length).toBe(0);
    await index.add(many(1), vectors(1, 2));
    await expect(index.search(vectors(1, 3), 1)).rejects.toThrow(ShapeError);
    await expect(index.search(tensor([[NaN, 0]]), 1)).rejects.toThrow(ArgumentError);
    await expect(index.search(vectors(1, 2), 0)).rejects.toThrow(/k is 0/);
    await expect(index.rebuild({ version: "2", batch: 0, embed: () => vectors(1, 2) })).rejects.toThrow(/batch is 0/);
    await index.close();
    await index.close();
    await expect(index.search(vectors(1, 2), 1)).rejects.toThrow(/search: the index is closed/);
    await expect(VectorIndex.open(create(place()), { version: "1", width: 0 })).rejects.toThrow(/width is 0/);
    await expect(VectorIndex.open(create(place()))).rejects.toThrow(/there is no index\n  create it/);
  });

  if (kept)
    test("is there after it was closed, and names how to mend another version or width", async () => {
      const at = place();
      const index = await VectorIndex.open(create(at), { version: "1", width: 3 });
      const text = "It was the whiteness of the whale that above all things appalled me.";
      const cut = passages(text, { words: 4, overlap: 1, source: "moby-dick" });
      await index.add(cut, vectors(cut.length, 3));
      await index.close();
      for (const [expected, message] of [
        [{ version: "2", width: 3 }, /version of the embeddings is 1, not 2\n  embed the passages again: .* rebuild/],
        [{ version: "1", width: 4 }, /width of the embeddings is 3, not 4\n  embed the passages again: .* rebuild/],
      ] as const)
        await expect(VectorIndex.open(create(at), expected)).rejects.toThrow(message);
      const again = await VectorIndex.open(create(at));
      expect([again.version, again.width, again.length]).toEqual(["1", 3, cut.length]);
      const hits = (await again.search(vectors(1, 3), 99))[0]!;
      expect(
        hits.map(({ id, text, source, place }) => ({ id, text, source, place })).toSorted((a, b) => a.place - b.place),
      ).toEqual(cut);
      await again.rebuild({ version: "2", embed: (texts) => vectors(texts.length, 4) });
      await again.close();
      const rebuilt = await VectorIndex.open(create(at), { version: "2", width: 4 });
      expect(rebuilt.length).toBe(cut.length);
      await rebuilt.close();
    });
}
