import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, StateError, tensor, use } from "@ansatz/core";
import { inMemory, VectorIndex } from "@ansatz/data-retrieval";
import { beforeAll, expect, test } from "vitest";
import { RefreshingIndex } from "./index.ts";

beforeAll(() => use(cpu()));

async function started(version = "cold") {
  const index = await VectorIndex.open(inMemory(), { version, width: 1 });
  const ids = ["a", "b", "c", "d", "e"];
  await index.add(
    ids.map((id) => ({ id, text: id, source: "s", place: 0 })),
    tensor(ids.map(() => [0])),
  );
  return index;
}
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
const stored = async (index: VectorIndex) => (await index.search(tensor([[1]]), 1))[0]![0]!.vector[0];

test("training goes on with the old index until the new one is whole, made by the encoder of its start", async () => {
  const index = await started();
  let weight = 0;
  let embedding = 0;
  const release: (() => void)[] = [];
  const refreshing = new RefreshingIndex(index, {
    every: 10,
    batch: 2,
    snapshot: () => {
      const copy = weight;
      return async (texts) => {
        embedding++;
        await new Promise<void>((resolve) => release.push(resolve));
        return tensor(texts.map(() => [copy]));
      };
    },
  });
  expect(refreshing.refreshed).toBeUndefined();
  const versions: string[] = [];
  for (let step = 0; step < 21; step++) {
    weight = step + 1;
    refreshing.step(step);
    await turn();
    if (step % 4 === 3) release.shift()?.(); // a batch takes four steps: a refresh of three takes twelve
    versions.push(index.version);
  }
  expect(versions.slice(0, 11)).toEqual(Array(11).fill("cold"));
  expect(versions[12]).toBe("encoder@0");
  expect(await stored(index)).toBe(1); // weight at step 0
  expect(embedding).toBe(6); // the refresh that was due at step 10 had to wait until 13, and is the only other one
  while (release.length > 0) {
    release.shift()!();
    await turn();
  }
  await refreshing.settled();
  expect(refreshing.refreshed).toBe(13);
  expect(await stored(index)).toBe(14);
  await refreshing.close();
});

test("a refresh is due `every` steps after the last one, which a resumed run reads from the index", async () => {
  const index = await started("encoder@40");
  const snapshots: number[] = [];
  let now = 0;
  const refreshing = new RefreshingIndex(index, {
    every: 25,
    snapshot: () => {
      snapshots.push(now);
      return (texts) => tensor(texts.map(() => [now]));
    },
  });
  expect(refreshing.refreshed).toBe(40);
  for (now = 50; now < 100; now++) {
    refreshing.step(now);
    await refreshing.settled();
  }
  expect(snapshots).toEqual([65, 90]);
  now = 30; // resumed from a checkpoint that is older than the index: its encoder is another one
  refreshing.step(now);
  await refreshing.settled();
  expect([...snapshots, refreshing.refreshed]).toEqual([65, 90, 30, 30]);
  await refreshing.close();
});

test("an error of the encoder surfaces once, on the next step, and the index stays as it was", async () => {
  const index = await started();
  let failing = true;
  const refreshing = new RefreshingIndex(index, {
    every: 5,
    snapshot: () => (texts) => {
      if (failing) throw new RangeError("out of memory");
      return tensor(texts.map(() => [2]));
    },
  });
  refreshing.step(0);
  await turn();
  await turn();
  expect(() => refreshing.step(1)).toThrow("out of memory");
  expect(index.version).toBe("cold");
  failing = false;
  refreshing.step(2);
  await refreshing.settled();
  expect(refreshing.refreshed).toBe(2);
  await refreshing.close();
  expect(() => refreshing.step(3)).toThrow(StateError);
});

test("closing ends a refresh, and leaves nothing running", async () => {
  const index = await started();
  let calls = 0;
  const refreshing = new RefreshingIndex(index, {
    every: 1,
    batch: 1,
    snapshot: () => async (texts) => {
      calls++;
      await turn();
      return tensor(texts.map(() => [1]));
    },
  });
  refreshing.step(0);
  await turn();
  await refreshing.close();
  const after = calls;
  await turn();
  await turn();
  expect(calls).toBe(after);
  expect(after).toBeLessThan(5);
  expect(() => new RefreshingIndex(index, { every: 0, snapshot: () => () => tensor([[1]]) })).toThrow(ArgumentError);
});
