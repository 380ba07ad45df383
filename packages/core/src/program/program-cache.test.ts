import { expect, test } from "vitest";
import type { Backend, Program } from "../contract/backend.ts";
import type { Plan } from "./plan.ts";
import { ProgramCache } from "./program-cache.ts";

/** A backend whose programs are numbered, and remember that they were disposed. */
function counting(): { backend: Backend; disposed: number[] } {
  const disposed: number[] = [];
  let made = 0;
  const backend: Partial<Backend> = {
    name: "counting",
    compile: async () => {
      const number = made++;
      return { run: async () => ({ outputs: [], updates: [] }), dispose: () => disposed.push(number) } as Program;
    },
  };
  return { backend: backend as Backend, disposed };
}

const plan = (hash: number, ...structure: number[]): Plan => ({
  outputs: [],
  updates: [],
  leaves: [],
  structure: Int32Array.from(structure),
  hash,
});

test("structures of one hash are different programs, and each is found again", async () => {
  const cache = new ProgramCache(counting().backend);
  const [first, second] = [await cache.get(plan(7, 1, 2)), await cache.get(plan(7, 1, 3))];
  expect(second).not.toBe(first);
  expect(await cache.get(plan(7, 1, 2))).toBe(first);
  expect(await cache.get(plan(7, 1, 3))).toBe(second);
  expect(cache.compilations).toBe(2);
});

test("the program that was not used for longest goes first", async () => {
  const { backend, disposed } = counting();
  const cache = new ProgramCache(backend);
  for (let i = 0; i < 64; i++) await cache.get(plan(i, i));
  await cache.get(plan(0, 0));
  await cache.get(plan(64, 64));
  expect(disposed).toEqual([1]);
});
