import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, tensor } from "@ansatz/core";
import { expect, test } from "vitest";
import { indexPassages, inMemory, passages, recallOf, RetrievalError, VectorIndex, type Database } from "./index.ts";
import { testDatabase } from "./testing/index.ts";

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
  await expect(broken).rejects.toThrow(/^facts: the index cannot be read or written: torn\n  if its files/);
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
