import { cpu } from "@ansatz/backend-cpu";
import { ones, RandomStream, seed, use, type Module } from "@ansatz/core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  Dropout,
  generate,
  Linear,
  LSTM,
  LSTMLM,
  MultiHeadAttention,
  Sequential,
  streamOf,
  TransformerLM,
} from "./index.ts";

beforeAll(() => use(cpu()));

const bits = async (model: Module) => Object.values(await model.stateDict()).flatMap(({ data }) => [...data]);
const sizes = { vocabularySize: 7, width: 8, layers: 2, heads: 2, context: 6, dropout: 0.5 };

test("streamOf takes a stream as it is, makes one of a seed, and forks the process-wide one", () => {
  const own = new RandomStream(3);
  expect(streamOf(own)).toBe(own);
  expect(streamOf(3).next().words()).toEqual(new RandomStream(3).next().words());
  seed(1);
  const [first, second] = [streamOf(undefined), streamOf(undefined)].map((stream) => stream.next().words());
  expect(second).not.toEqual(first);
  seed(1);
  expect(streamOf(undefined).next().words()).toEqual(first);
});

describe("without a seed", () => {
  test("two layers start from different weights, and are equal again after seed(1)", async () => {
    const make = async () => [await bits(new Linear(64, 64)), await bits(new Linear(64, 64))] as const;
    seed(1);
    const [first, second] = await make();
    expect(second).not.toEqual(first);
    seed(1);
    expect(await make()).toEqual([first, second]);
  });

  test("two dropouts draw different masks, and are equal again after seed(1)", async () => {
    const make = async () => {
      const layers = [new Dropout(0.5), new Dropout(0.5)] as const;
      return Promise.all(layers.map((layer) => layer.forward(ones([64])).data()));
    };
    seed(1);
    const [first, second] = await make();
    expect(second).not.toEqual(first);
    seed(1);
    expect(await make()).toEqual([first, second]);
  });

  test.each([
    ["Sequential", () => new Sequential(new Linear(4, 4), new Dropout(0.5), new Linear(4, 4))],
    ["LSTM", () => new LSTM(3, 4, { layers: 2, dropout: 0.5 })],
    ["LSTMLM", () => new LSTMLM(sizes)],
    ["TransformerLM", () => new TransformerLM(sizes)],
  ] as const)("%s made after the same seed has the same bits, and so do its streams", async (_name, make) => {
    seed(1);
    const one = make();
    seed(1);
    const other = make();
    const third = make();
    expect(await bits(other)).toEqual(await bits(one));
    expect(other.randomState()).toEqual(one.randomState());
    expect(await bits(third)).not.toEqual(await bits(one));
    expect(third.randomState()).not.toEqual(one.randomState());
  });

  test("two texts differ", async () => {
    const model = new LSTMLM(sizes);
    const write = () => generate(model, [1], { length: 20 });
    expect(await write()).not.toEqual(await write());
  });
});

test("a stream or a seed that is given leaves the process-wide stream alone", async () => {
  seed(1);
  const expected = await bits(new Linear(3, 3));
  seed(1);
  new MultiHeadAttention(4, { heads: 2, random: new RandomStream(5) });
  new LSTM(3, 4, { random: 5, forgetBias: 1 });
  expect(await bits(new Linear(3, 3))).toEqual(expected);
  expect(await bits(new Linear(3, 3, { random: 5 }))).toEqual(await bits(new Linear(3, 3, { random: 5 })));
});
