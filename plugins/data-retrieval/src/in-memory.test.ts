import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, ones, ShapeError, tensor } from "@ansatz/core";
import { expect, test, vi } from "vitest";
import {
  indexPassages,
  inMemory,
  passages,
  recallOf,
  RetrievalError,
  VectorIndex,
  type Database,
  type Passage,
} from "./index.ts";
import { testDatabase } from "./testing/index.ts";

const passage = (id: string): Passage => ({ id, text: `text of ${id}`, source: "s", place: 0 });

/** A database in memory, of which one method of a table fails at its first call. */
function failingOnce(method: "insert" | "batches", error: Error): Database {
  const memory = inMemory();
  return {
    ...memory,
    async create(embeddings) {
      const { table, commit } = await memory.create(embeddings);
      vi.spyOn(table, method).mockImplementationOnce(() => {
        throw error;
      });
      return { table, commit };
    },
  };
}

testDatabase(() => inMemory(), cpu, { kept: false });

test("what a database throws says which one it is, and a package that is missing how to install it", async () => {
  const failing = (load: () => Promise<undefined>): Database => ({
    ...inMemory(),
    name: "facts",
    packages: ["a"],
    load,
  });
  const missing = "not-installed-anywhere";
  await expect(VectorIndex.open(failing(() => import(/* @vite-ignore */ missing)))).rejects.toThrow(
    /^facts: .*not-installed-anywhere.*\n  npm install a$/,
  );
  const broken = VectorIndex.open(failing(() => Promise.reject(new TypeError("torn"))));
  await expect(broken).rejects.toThrow(RetrievalError);
  await expect(broken).rejects.toThrow(/^facts: the index cannot be read: torn\n  if its files are damaged, delete/);
  // Emscripten throws objects that are no errors.
  for (const thrown of [{ errno: 54 }, 54])
    await expect(VectorIndex.open(failing(() => Promise.reject(thrown as unknown as Error)))).rejects.toThrow(
      /^facts: the index cannot be read: .*54/,
    );
});

test("a database that cannot write is no reason to delete its files", async () => {
  const index = await VectorIndex.open(failingOnce("insert", new Error("no space left")), { version: "1", width: 1 });
  const adding = index.add([passage("a")], ones([1, 1]));
  await expect(adding).rejects.toThrow(RetrievalError);
  await expect(adding).rejects.toThrow(
    /^memory: the index cannot be written: no space left\n {2}what was stored before/,
  );
  await index.add([passage("a")], ones([1, 1]));
  expect(index.length).toBe(1);
});

test("a search by words after one that failed reads the passages again", async () => {
  const index = await VectorIndex.open(failingOnce("batches", new Error("torn")), { version: "1", width: 1 });
  await index.add([passage("a")], ones([1, 1]));
  await expect(index.search(["text"], 1)).rejects.toThrow(/torn/);
  expect((await index.search(["text"], 1))[0]).toHaveLength(1);
});

test("recall is the share of the exact neighbours that a search finds", async () => {
  const forgetful = inMemory();
  const { create } = forgetful;
  const database: Database = {
    ...forgetful,
    async create(embeddings) {
      const { table, commit } = await create(embeddings);
      const nearest = table.nearest.bind(table);
      // An approximate search misses the best passage, and finds one more instead.
      table.nearest = async (query, k, exact) =>
        exact ? nearest(query, k, exact) : (await nearest(query, k + 1, exact)).slice(1);
      return { table, commit };
    },
  };
  const index = await VectorIndex.open(database, { version: "1", width: 1 });
  const four = [4, 3, 2, 1];
  await index.add(
    four.map((n) => ({ id: `${n}`, text: "", source: "s", place: n })),
    tensor(four.map((n) => [n])),
  );
  expect(await recallOf(index, tensor([[1]]), 3)).toBeCloseTo(2 / 3, 10);
  expect(await recallOf(index, tensor([[1], [1]]), 4)).toBeCloseTo(3 / 4, 10);
});

test("passages are embedded batch by batch, and without vectors they are found by words only", async () => {
  const cut = passages("one two three four five", { words: 1 });
  const batches: number[] = [];
  const embed = (texts: readonly string[]) => {
    batches.push(texts.length);
    return tensor(texts.map((text) => [text.length, 1]));
  };
  const index = await indexPassages(inMemory(), cut, { version: "lengths", embed, batch: 2 });
  expect([batches, index.length, index.width, index.version]).toEqual([[2, 2, 1], 5, 2, "lengths"]);
  expect((await index.search(tensor([[1, 0]]), 1))[0]![0]).toMatchObject({ text: "three", score: 5 });

  const byWords = await indexPassages(inMemory(), cut, { version: "words" });
  expect((await byWords.search(["what is four?"], 2))[0]!.map(({ text }) => text)).toEqual(["four"]);
  await expect(indexPassages(inMemory(), [], { version: "1" })).rejects.toThrow(/there are no passages/);
  await expect(indexPassages(inMemory(), cut, { version: "1", batch: 0 })).rejects.toThrow(ArgumentError);
});

test("an encoder that makes no vector of each text is a clear error, and what fails closes the index", async () => {
  const cut = passages("one two three", { words: 1 });
  const flat = indexPassages(inMemory(), cut, { version: "1", embed: (texts) => ones([texts.length]) });
  await expect(flat).rejects.toThrow(ShapeError);
  await expect(flat).rejects.toThrow(/the vectors are \[3\], not \[3, width\]\n {2}give one vector of each text/);

  for (const [shape, message] of [
    [[1, 3], /not \[1, 2\]/],
    [[2, 2], /not \[1, 2\]/],
    [undefined, /no model/],
  ] as const) {
    const database = inMemory();
    const close = vi.spyOn(database, "close");
    const embed = (texts: readonly string[]) => {
      if (texts.length === 2) return ones([2, 2]);
      if (shape === undefined) throw new RangeError("no model");
      return ones(shape);
    };
    await expect(indexPassages(database, cut, { version: "1", embed, batch: 2 })).rejects.toThrow(message);
    expect(close).toHaveBeenCalledOnce();
  }
});
