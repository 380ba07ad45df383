import { ArgumentError, key, type Tensor } from "@ansatz/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import make from "../fixtures/noisy-numbers.ts";
import { DataLoader, inWorkers, WorkerError, type Dataset, type WorkerDataset } from "./index.ts";

type Batch = { readonly x: Tensor; readonly more: readonly [Tensor]; readonly thread: Tensor };
const numbers = new URL("../fixtures/noisy-numbers.ts", import.meta.url);
let dataset: WorkerDataset<Batch>;

beforeAll(async () => {
  dataset = await inWorkers<Batch>(numbers, { workers: 2 });
});
afterAll(() => dataset.close());

describe("inWorkers", () => {
  test("gives the same batches as this thread, with and without prefetch, for any number of workers", async () => {
    const here = make() as Dataset<Batch>;
    expect([dataset.length, dataset.lengthOf!(3)]).toEqual([40, 4]);
    const options = { batchSize: 5, shard: { index: 0, count: 4 } } as const;
    const loaders = [
      new DataLoader(here, options),
      new DataLoader(dataset, options),
      new DataLoader(dataset, { ...options, prefetch: 3 }),
    ];
    for (let i = 0; i < 5; i++) {
      const [expected, ...found] = await Promise.all(
        loaders.map(async (loader) => {
          const { x, more } = await loader.next();
          return [await x.data(), await more[0].data(), more[0].shape];
        }),
      );
      for (const batch of found) expect(batch).toEqual(expected);
    }
  });

  test("batches are distributed among the workers", async () => {
    const batches = await Promise.all([0, 1, 2, 3].map((i) => dataset.batch(Int32Array.of(i), key(i))));
    expect(new Set((await Promise.all(batches.map(({ thread }) => thread.data()))).map(([id]) => id)).size).toBe(2);
  });

  test("an example that cannot be made fails only its own batch, when that is requested", async () => {
    const loader = new DataLoader(dataset, { batchSize: 13, prefetch: 2 });
    await loader.next();
    await expect(loader.next()).rejects.toThrow(/no thirteenth example/);
    await expect(loader.next()).rejects.toThrow(/no thirteenth example/);
    expect(loader.stateDict()).toEqual({ epoch: 0, batch: 1 });
    loader.loadStateDict({ epoch: 0, batch: 2 });
    expect([...(await (await loader.next()).more[0].data())][0]).toBe(26 ** 2);
  });

  test("a missing module, a module without a dataset, and a worker that ended give different errors", async () => {
    await expect(inWorkers(new URL("./nowhere.ts", import.meta.url))).rejects.toThrow(/nowhere.ts makes no dataset: /);
    await expect(inWorkers(new URL("./index.ts", import.meta.url))).rejects.toThrow(
      /index.ts makes no dataset: [^]*its default export must be a function/,
    );
    const short = await inWorkers<Batch>(numbers);
    const unfinished = short.batch(Int32Array.of(39), key(0));
    unfinished.catch(() => undefined);
    await short.close();
    await expect(unfinished).rejects.toThrow(WorkerError);
    await expect(inWorkers(numbers, { workers: 0 })).rejects.toThrow(ArgumentError);
  });
});

test("an invalid prefetch is refused; prefetched batches are the same as without", async () => {
  const made: number[][] = [];
  const counted: Dataset<readonly number[]> = { length: 4, batch: (places) => (made.push([...places]), [...places]) };
  expect(() => new DataLoader(counted, { batchSize: 2, prefetch: -1 })).toThrow(/prefetch is -1/);
  const loader = new DataLoader(counted, { batchSize: 2, prefetch: 1 });
  expect(await loader.next()).toEqual([0, 1]);
  expect(made).toEqual([
    [0, 1],
    [2, 3],
  ]);
  expect(await loader.next()).toEqual([2, 3]);
  expect(made).toEqual([
    [0, 1],
    [2, 3],
    [0, 1],
  ]); // of the next epoch
  expect(loader.stateDict()).toEqual({ epoch: 1, batch: 0 });
});
