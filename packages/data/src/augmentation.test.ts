import { cpu } from "@ansatz/backend-cpu";
import {
  ArgumentError,
  iota,
  key,
  memory,
  mul,
  ones,
  oneHot,
  reshape,
  tensor,
  uniform,
  use,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { beforeAll, describe, expect, test } from "vitest";
import { betaNumbers } from "./augmentation/beta.ts";
import {
  backTranslated,
  cutMix,
  dropWords,
  gaussianNoise,
  maskSpans,
  maskTokens,
  mixUp,
  randomCrop,
  randomFlip,
} from "./index.ts";

beforeAll(() => use(cpu()));

const count = 20_000;
const labels = (length: number): Tensor => oneHot(tensor(Int32Array.from({ length }, (_, i) => i)), length);
const share = (values: Iterable<number>, holds: (value: number, i: number) => boolean): number => {
  const list = [...values];
  return list.filter(holds).length / list.length;
};

/** Within four standard errors of a proportion. */
function expectShare(values: Iterable<number>, holds: (value: number, i: number) => boolean, expected: number): void {
  const list = [...values];
  expect(Math.abs(share(list, holds) - expected)).toBeLessThan(
    4 * Math.sqrt((expected * (1 - expected)) / list.length),
  );
}

describe("Beta numbers", () => {
  test.each([0.2, 1, 3])("of alpha %d have its mean and variance", (alpha) => {
    const numbers = betaNumbers(key(1), alpha, count);
    const mean = numbers.reduce((a, b) => a + b) / count;
    expect(mean).toBeCloseTo(0.5, 1.9);
    expect(numbers.reduce((total, x) => total + (x - 0.5) ** 2, 0) / count).toBeCloseTo(1 / (4 * (2 * alpha + 1)), 2);
    expect(numbers.every((x) => x >= 0 && x <= 1)).toBe(true);
  });
});

describe("mixing", () => {
  test("MixUp mixes inputs and targets in the same way", async () => {
    // Each input is its own target, so that the mixtures must be the same.
    const target = labels(16);
    const mixed = mixUp({ input: target, target }, key(2), { alpha: 1 });
    const rows = (await mixed.input.array()) as number[][];
    expect(await mixed.target.array()).toEqual(rows);
    for (const row of rows) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    expect(rows.filter((row) => Math.max(...row) < 0.99).length).toBeGreaterThan(8);
  });

  test("CutMix's targets are the shares of the area", async () => {
    const input = tensor(
      Float32Array.from({ length: 12 * 2 * 6 * 5 }, (_, i) => Math.floor(i / 60)),
      { shape: [12, 2, 6, 5] },
    );
    const mixed = cutMix({ input, target: labels(12) }, key(3));
    const [pixels, targets] = [await mixed.input.data(), (await mixed.target.array()) as number[][]];
    let cut = 0;
    for (const [i, row] of targets.entries()) {
      const own = pixels.subarray(i * 60, (i + 1) * 60);
      for (const [label, part] of row.entries())
        expect(part).toBeCloseTo(
          share(own, (value) => value === label),
          5,
        );
      if (row[i]! < 1) cut++;
    }
    expect(cut).toBeGreaterThan(6);
  });

  test("CutMix cuts rectangles, in every channel at the same place, with √(1 − λ) of both sides", async () => {
    const [batch, rows, columns] = [400, 40, 20];
    // Each pixel holds its example, so that those of others stand out.
    const input = mul(reshape(iota(batch), [batch, 1, 1, 1]), ones([batch, 2, rows, columns]));
    const pixels = await cutMix({ input, target: ones([batch, 1]) }, key(4)).input.data();
    const portions: number[] = [];
    for (let i = 0; i < batch; i++) {
      const image = pixels.subarray(i * 2 * rows * columns, (i + 1) * 2 * rows * columns);
      const [red, green] = [image.subarray(0, rows * columns), image.subarray(rows * columns)];
      expect(green).toEqual(red);
      const cut = [...red.keys()].filter((place) => red[place] !== i);
      if (cut.length === 0) continue;
      const [down, right] = [cut.map((place) => Math.floor(place / columns)), cut.map((place) => place % columns)];
      const [top, bottom] = [Math.min(...down), Math.max(...down) + 1];
      const [left, edge] = [Math.min(...right), Math.max(...right) + 1];
      expect(cut).toHaveLength((bottom - top) * (edge - left));
      const inside = top > 0 && bottom < rows && left > 0 && edge < columns;
      // The same part of both sides, each to the next whole pixel.
      if (inside)
        expect(Math.abs((bottom - top) / rows - (edge - left) / columns)).toBeLessThan(1 / columns + 1 / rows);
      portions.push(cut.length);
    }
    expect(portions.length).toBeGreaterThan(0.9 * batch);
  });

  test.each([
    ["MixUp", mixUp],
    ["CutMix", cutMix],
  ] as const)("%s takes each example once as a partner", async (_name, mix) => {
    const input = mul(reshape(iota(50), [50, 1, 1, 1]), ones([50, 1, 8, 8]));
    const target = (await mix({ input, target: oneHot(iota(50), 50) }, key(5), {
      alpha: 1,
    }).target.array()) as number[][];
    const partners = target.flatMap((row, i) => [...row.keys()].filter((label) => label !== i && row[label]! > 0));
    expect(new Set(partners).size).toBe(partners.length);
    expect(partners.length).toBeGreaterThan(40);
  });

  test.each([
    ["MixUp is λ x + (1 − λ) x′ of the two that its target names", mixUp],
    ["CutMix has a pixel of x′ at its own place where it has none of x", cutMix],
  ] as const)("%s", async (_name, mix) => {
    const [batch, size] = [12, 2 * 6 * 5];
    const input = uniform(key(6), [batch, 2, 6, 5]);
    const mixed = mix({ input, target: labels(batch) }, key(7), { alpha: 1 });
    const [before, after] = [await input.data(), await mixed.input.data()];
    for (const [i, shares] of ((await mixed.target.array()) as number[][]).entries()) {
      const [own, other] = [shares[i]!, shares.findIndex((share, label) => label !== i && share > 0)];
      if (other < 0) continue; // nothing was mixed in
      const pixels = after.subarray(i * size, (i + 1) * size);
      const [x, partner] = [before.subarray(i * size, (i + 1) * size), before.subarray(other * size)];
      if (mix === mixUp)
        for (const [place, value] of pixels.entries())
          expect(value).toBeCloseTo(own * x[place]! + (1 - own) * partner[place]!, 6);
      else expect(pixels.every((value, place) => value === x[place] || value === partner[place])).toBe(true);
    }
  });

  test("different shares and rectangles use the same compiled program", async () => {
    const batch = { input: ones([4, 1, 5, 5]), target: labels(4) };
    for (const mix of [mixUp, cutMix]) {
      for (const seed of [0, 1]) await mix(batch, key(seed)).input.data();
      const { compilations } = memory();
      for (let seed = 2; seed < 6; seed++) await mix(batch, key(seed)).input.data();
      expect(memory().compilations).toBe(compilations);
    }
  });
});

describe("images", () => {
  const image = tensor(
    Float32Array.from({ length: 64 * 9 }, (_, i) => 1 + (i % 9)),
    { shape: [64, 1, 3, 3] },
  );

  test("a crop is the shifted image with zeros from outside; every offset occurs", async () => {
    const moved = new Set<string>();
    for (const own of (await randomCrop(image, key(1), { padding: 1 }).array()) as number[][][][]) {
      const rows = own[0]!;
      const offsets = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => [down, right] as const));
      const found = offsets.filter(([down, right]) =>
        rows.every((row, r) =>
          row.every(
            (value, c) =>
              value ===
              (r + down < 0 || r + down > 2 || c + right < 0 || c + right > 2 ? 0 : 1 + 3 * (r + down) + c + right),
          ),
        ),
      );
      expect(found).toHaveLength(1);
      moved.add(String(found[0]));
    }
    expect(moved.size).toBe(9);
  });

  test("about half of the images are flipped", async () => {
    const turned = ((await randomFlip(image, key(2)).array()) as number[][][][]).map(([rows]) => rows!.join("|"));
    expect(new Set(turned)).toEqual(new Set(["1,2,3|4,5,6|7,8,9", "3,2,1|6,5,4|9,8,7"]));
    expectShare(
      turned.map((rows) => Number(rows.startsWith("3"))),
      (value) => value === 1,
      0.5,
    );
  });

  test("noise has the given standard deviation", async () => {
    const noise = await gaussianNoise(zeros([count]), key(3), { std: 0.5 }).data();
    expect(Math.hypot(...noise) / Math.sqrt(count)).toBeCloseTo(0.5, 1.9);
  });
});

describe("tokens", () => {
  const text = tensor(
    Int32Array.from({ length: count }, (_, i) => i % 50),
    { shape: [20, count / 20] },
  );
  const options = { maskToken: 99, vocabularySize: 50 };

  test("15 % are to be predicted: 80 % of them masked, 10 % another token, 10 % unchanged", async () => {
    const { input, target } = maskTokens(text, key(1), options);
    const [seen, wanted, before] = [await input.data(), await target.data(), await text.data()];
    const chosen = [...wanted.keys()].filter((i) => wanted[i] !== -100);
    expectShare(wanted, (token) => token !== -100, 0.15);
    expect(chosen.every((i) => wanted[i] === before[i])).toBe(true);
    expectShare(chosen, (i) => seen[i] === 99, 0.8);
    expectShare(chosen, (i) => seen[i] === before[i], 0.1 + 0.1 / 50); // a random token may be the same
    expect([...seen.keys()].every((i) => wanted[i] !== -100 || seen[i] === before[i])).toBe(true);
  });

  test("tokens that are not eligible are kept", async () => {
    const { target } = maskTokens(text, key(1), { ...options, probability: 1, eligible: text.less(10) });
    const [wanted, before] = [await target.data(), await text.data()];
    for (const [i, token] of wanted.entries()) expect(token).toBe(before[i]! < 10 ? before[i] : -100);
  });

  test("spans cover the given share, in runs of their length or more", async () => {
    const { target } = maskSpans(text, key(2), { ...options, length: 4, probability: 0.2 });
    const rows = (await target.array()) as number[][];
    expect(share(rows.flat(), (token) => token !== -100)).toBeCloseTo(0.2, 1.6); // tokens of a span are not independent
    for (const row of rows) {
      const runs = row
        .map((token) => (token === -100 ? " " : "x"))
        .join("")
        .trim()
        .split(/ +/);
      for (const run of runs.slice(1, -1)) expect(run.length).toBeGreaterThanOrEqual(4);
    }
  });

  test("word dropout replaces the given share", async () => {
    const [seen, before] = [
      await dropWords(text, key(3), { unknownToken: 77, probability: 0.3 }).data(),
      await text.data(),
    ];
    expectShare(seen, (token) => token === 77, 0.3);
    expect(share(seen, (token, i) => token === 77 || token === before[i])).toBe(1);
  });
});

test("invalid options are refused", () => {
  const images = { input: ones([2, 3]), target: ones([2, 1]) };
  expect(() => mixUp(images, key(0), { alpha: 0 })).toThrow(/alpha is 0/);
  expect(() => cutMix(images, key(0))).toThrow(ArgumentError);
  expect(() => randomCrop(ones([1, 1, 2, 2]), key(0), { padding: 0.5 })).toThrow(ArgumentError);
  expect(() => randomFlip(ones([2, 2]), key(0))).toThrow(/has 2 axes/);
  expect(() =>
    maskSpans(zeros([1, 2], { dtype: "int32" }), key(0), { maskToken: 1, vocabularySize: 2, length: 0 }),
  ).toThrow(/length is 0/);
});

test("back-translation: each sentence is translated there once, and comes back several times", async () => {
  let theres = 0;
  const there = (tokens: Tensor) => (theres++, tokens.mul(10).cast("int32"));
  const again = await backTranslated(
    tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { dtype: "int32" },
    ),
    there,
    async (tokens) => tokens.add(++theres).cast("int32"),
    { times: 2 },
  );
  expect(await again.array()).toEqual([
    [12, 22],
    [32, 42],
    [13, 23],
    [33, 43],
  ]);
  await expect(backTranslated(zeros([1, 1]), there, there, { times: 0 })).rejects.toThrow(/times is 0/);
});
