import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, key, StateError, use, type Tensor } from "@ansatz/core";
import { beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import {
  Columns,
  DataLoader,
  mapped,
  Sequences,
  subset,
  type BatchOf,
  type Dataset,
  type SequenceBatch,
} from "./index.ts";

beforeAll(() => use(cpu()));

const numbers = (length: number) => new Columns({ x: { data: Int32Array.from({ length }, (_, i) => i) } });

/** The numbers of each batch of an epoch. */
async function epochOf(loader: DataLoader<{ readonly x: Tensor }>): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const { x } of loader) batches.push([...(await x.data())]);
  return batches;
}

test("BatchOf is the type of what a loader or a dataset gives", () => {
  type Numbers = Readonly<Record<"x", Tensor>>;
  expectTypeOf<BatchOf<DataLoader<SequenceBatch>>>().toEqualTypeOf<SequenceBatch>();
  expectTypeOf<BatchOf<Sequences>>().toEqualTypeOf<SequenceBatch>();
  expectTypeOf<BatchOf<ReturnType<typeof numbers>>>().toEqualTypeOf<Numbers>();
  const loader = new DataLoader(numbers(2), { batchSize: 1 });
  expectTypeOf<BatchOf<typeof loader>>().toEqualTypeOf<Numbers>();
  expectTypeOf<BatchOf<{ readonly length: number }>>().toBeNever();
});

describe("DataLoader", () => {
  test("without a key examples come in order, and the last batch has the rest", async () => {
    const loader = new DataLoader(numbers(5), { batchSize: 2 });
    expect(await epochOf(loader)).toEqual([[0, 1], [2, 3], [4]]);
    expect(await epochOf(loader)).toEqual([[0, 1], [2, 3], [4]]);
    expect(loader.epoch).toBe(2);
    expect(await epochOf(new DataLoader(numbers(5), { batchSize: 2, dropLast: true }))).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  test("with a key each epoch has another order of the same examples, which depends on the key", async () => {
    const loader = new DataLoader(numbers(20), { batchSize: 4, shuffle: key(1) });
    const [first, second] = [await epochOf(loader), await epochOf(loader)];
    for (const epoch of [first, second])
      expect(epoch.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(second).not.toEqual(first);
    expect(await epochOf(new DataLoader(numbers(20), { batchSize: 4, shuffle: key(1) }))).toEqual(first);
    expect(await epochOf(new DataLoader(numbers(20), { batchSize: 4, shuffle: key(2) }))).not.toEqual(first);
  });

  test("a shuffle is fair: every example comes first about as often", async () => {
    const counts = new Int32Array(5);
    const loader = new DataLoader(numbers(5), { batchSize: 5, shuffle: key(9) });
    for (let epoch = 0; epoch < 1000; epoch++) counts[(await epochOf(loader))[0]![0]!]!++;
    for (const count of counts) expect(Math.abs(count - 200)).toBeLessThan(4 * Math.sqrt(1000 * 0.2 * 0.8));
  });

  test("a loader with a loaded state continues as if it had never been stopped", async () => {
    const options = { batchSize: 3, shuffle: key(5) };
    const noisy = () => mapped(numbers(10), ({ x }, own) => ({ x: x.add(own.words()[0] % 1000) }));
    const through = new DataLoader(noisy(), options);
    for (let i = 0; i < 6; i++) await through.next();
    const state = JSON.parse(JSON.stringify(through.stateDict())) as ReturnType<typeof through.stateDict>;
    expect(state).toEqual({ epoch: 1, batch: 2 });
    const resumed = new DataLoader(noisy(), options);
    resumed.loadStateDict(state);
    for (let i = 0; i < 7; i++)
      expect(await (await resumed.next()).x.data()).toEqual(await (await through.next()).x.data());
    expect(() => resumed.loadStateDict({ epoch: 0, batch: 4 })).toThrow(StateError);
    expect(() => resumed.loadStateDict({ epoch: -1, batch: 0 })).toThrow(StateError);
  });

  test("an iteration that stops early leaves the rest of the epoch", async () => {
    const loader = new DataLoader(numbers(5), { batchSize: 2 });
    for await (const { x } of loader) {
      expect(await x.data()).toEqual(Int32Array.of(0, 1));
      break;
    }
    expect(await epochOf(loader)).toEqual([[2, 3], [4]]);
  });

  test("a failed batch is tried again", async () => {
    let failures = 1;
    const shaky: Dataset<number> = {
      length: 2,
      batch: (places) => (failures-- > 0 ? Promise.reject(new Error("disk")) : places[0]!),
    };
    const loader = new DataLoader(shaky, { batchSize: 1 });
    await expect(loader.next()).rejects.toThrow("disk");
    expect([await loader.next(), await loader.next()]).toEqual([0, 1]);
  });

  test("shards divide an epoch: each example once, in parts of equal size", async () => {
    const parts = await Promise.all(
      [0, 1, 2].map((index) =>
        epochOf(new DataLoader(numbers(11), { batchSize: 2, shuffle: key(3), shard: { index, count: 3 } })),
      ),
    );
    expect(parts.map((part) => part.flat().length)).toEqual([3, 3, 3]);
    expect(new Set(parts.flat(2)).size).toBe(9);
  });

  test("buckets group sequences of similar length, so that there is less padding", async () => {
    const sequences = Array.from({ length: 64 }, (_, i) => new Int32Array(1 + ((i * 37) % 64)));
    const padding = async (bucket?: number) => {
      let wasted = 0;
      const seen: number[] = [];
      for await (const { tokens, lengths } of new DataLoader(new Sequences(sequences), {
        batchSize: 8,
        shuffle: key(1),
        ...(bucket !== undefined && { bucket }),
      })) {
        const data = [...(await lengths.data())];
        seen.push(...data);
        wasted += tokens.size - data.reduce((a, b) => a + b);
      }
      expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i + 1));
      return wasted;
    };
    expect(await padding(8)).toBe(8 * 28); // all in one bucket: each batch is eight lengths in a row
    expect(await padding()).toBeGreaterThan(2 * 8 * 28);
  });

  test.each([
    [{ batchSize: 0 }, /batch size is 0/],
    [{ batchSize: 20, dropLast: true }, /are too few for a batch of 20/],
    [{ batchSize: 1, bucket: 2 }, /needs a key/],
    [{ batchSize: 1, bucket: 2, shuffle: key(1) }, /needs the lengths of examples/],
    [{ batchSize: 1, bucket: 0.5 }, /bucket is 0.5/],
    [{ batchSize: 1, shard: { index: 2, count: 2 } }, /shard 2 of 2/],
  ])("refuses %j", (options, message) => {
    expect(() => new DataLoader(numbers(10), options)).toThrow(ArgumentError);
    expect(() => new DataLoader(numbers(10), options)).toThrow(message);
  });
});

describe("datasets", () => {
  test("columns give rows of any shape, and bytes as scaled floats or whole numbers", async () => {
    const examples = new Columns({
      image: { data: Uint8Array.of(0, 51, 102, 255), shape: [2], dtype: "float32", scale: 1 / 255 },
      label: { data: Uint8Array.of(7, 9), dtype: "int32" },
    });
    const { image, label } = examples.batch(Int32Array.of(1, 0, 1));
    expect([image.shape, image.dtype, label.dtype]).toEqual([[3, 2], "float32", "int32"]);
    expect([...(await image.data())].map((value) => value.toFixed(4))).toEqual([
      "0.4000",
      "1.0000",
      "0.0000",
      "0.2000",
      "0.4000",
      "1.0000",
    ]);
    expect([...(await label.data())]).toEqual([9, 7, 9]);
    expect(() => new Columns({ a: { data: new Float32Array(3) }, b: { data: new Float32Array(4) } })).toThrow(
      /a: 3 examples\n {2}b: 4 examples/,
    );
    expect(() => new Columns({ a: { data: new Float32Array(3), shape: [2] } })).toThrow(ArgumentError);
  });

  test("sequences are padded to the longest, rounded up", async () => {
    const { tokens, lengths } = new Sequences([Int32Array.of(1, 2, 3), Int32Array.of()], {
      padding: -1,
      multiple: 4,
    }).batch(Int32Array.of(0, 1));
    expect(await tokens.array()).toEqual([
      [1, 2, 3, -1],
      [-1, -1, -1, -1],
    ]);
    expect(await lengths.array()).toEqual([3, 0]);
    expect(() => new Sequences([], { multiple: 0 })).toThrow(ArgumentError);
  });

  test("randomness in a batch depends on its key alone", async () => {
    const keyed = mapped(numbers(3), (_batch, own) => own.words().join());
    expect(await keyed.batch(Int32Array.of(0), key(1))).toBe(await keyed.batch(Int32Array.of(2), key(1)));
    expect(await keyed.batch(Int32Array.of(0), key(1))).not.toBe(await keyed.batch(Int32Array.of(0), key(2)));
  });
});

test("a subset is a part of a dataset, with its lengths and keys; a part outside is refused", async () => {
  const sequences = new Sequences([1, 2, 3, 4].map((length) => new Int32Array(length).fill(length)));
  const middle = subset(sequences, 1, 2);
  expect([middle.length, middle.lengthOf!(0), middle.lengthOf!(1)]).toEqual([2, 2, 3]);
  expect(await (await middle.batch(Int32Array.of(1, 0), key(0))).tokens.array()).toEqual([
    [3, 3, 3],
    [2, 2, 0],
  ]);
  expect(subset(numbers(3), 0, 3).lengthOf).toBeUndefined();
  const keyed = subset(
    mapped(numbers(5), (_, own) => own.words()),
    2,
    2,
  );
  expect(await keyed.batch(Int32Array.of(0), key(7))).toEqual(key(7).fold(1).words());
  for (const [from, length] of [
    [-1, 2],
    [0, 6],
    [3, 3],
    [0.5, 1],
  ] as const)
    expect(() => subset(numbers(5), from, length)).toThrow(/subset: .* of 5/);
});
