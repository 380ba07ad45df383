import { cpu } from "@ansatz/backend-cpu";
import { tensor } from "@ansatz/core";
import { expect, test } from "vitest";
import { inMemory, recallOf, RetrievalError, VectorIndex, type Database } from "./index.ts";
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
