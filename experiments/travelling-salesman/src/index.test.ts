import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { integers, key, RandomStream, tensor, use } from "@ansatz/core";
import { shortestTour, tourLength } from "@ansatz/data";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { PointerNetwork } from "@ansatz/nn-pointer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import experiment from "./index.ts";
import { judged } from "./judged.ts";
import { pictureOf } from "./picture.ts";
import { fromTheLeft, mirrored, problemsOf } from "./problems.ts";
import { twoOptTour } from "./two-opt.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

describe("2-opt", () => {
  test("visits each place once, never below the shortest tour and hardly above it", async () => {
    const { points } = (await problemsOf(key(1), { count: 100, places: 9 })).columns;
    let [found, shortest] = [0, 0];
    for (let i = 0; i < 100; i++) {
      const own = points.data.subarray(18 * i, 18 * (i + 1));
      const tour = twoOptTour(own);
      expect([...tour].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
      expect([tour[0], tour[1]! < tour[8]!]).toEqual([0, true]);
      const [length, least] = [tourLength(own, tour), tourLength(own, shortestTour(own))];
      expect(length).toBeGreaterThan(least - 1e-9);
      [found, shortest] = [found + length, shortest + least];
    }
    expect(found / shortest).toBeLessThan(1.005);
  });

  test("goes round a circle", () => {
    const order = [7, 2, 11, 0, 5, 9, 13, 4, 1, 12, 8, 3, 10, 6];
    const points = order.flatMap((i) => [Math.cos((i / 7) * Math.PI), Math.sin((i / 7) * Math.PI)]);
    const tour = [...twoOptTour(points)].map((place) => order[place]!);
    const steps = new Set(tour.map((own, i) => (tour[(i + 1) % 14]! - own + 14) % 14));
    expect(steps.size).toBe(1);
    expect([1, 13]).toContain([...steps][0]);
  });
});

test("above twelve places tours are those of 2-opt", async () => {
  const { points, tour } = (await problemsOf(key(2), { count: 3, places: 14 })).columns;
  expect(points.shape).toEqual([14, 2]);
  for (let i = 0; i < 3; i++)
    expect([...tour.data.subarray(14 * i, 14 * (i + 1))]).toEqual([
      ...twoOptTour(points.data.subarray(28 * i, 28 * (i + 1))),
    ]);
});

test("a mirror keeps every distance, and shows all eight views", async () => {
  const pairs = Array.from({ length: 400 }, () => [0.1, 0.2, 0.7, 0.4]).flat();
  const points = tensor(Float32Array.from(pairs), { shape: [400, 2, 2] });
  const seen = (await mirrored(points, new RandomStream(1)).array()) as number[][][];
  for (const [a, b] of seen as [[number, number], [number, number]][])
    expect(Math.hypot(a[0] - b[0], a[1] - b[1])).toBeCloseTo(Math.hypot(0.6, 0.2), 5);
  expect(
    new Set(
      seen.map((own) =>
        own
          .flat()
          .map((x) => x.toFixed(3))
          .join(),
      ),
    ).size,
  ).toBe(8);
});

test("the tour to learn goes counter-clockwise from the leftmost point, whatever the order of the points", async () => {
  // around a square whose corner 2 is the leftmost: by hand 2, 0, 3, 1
  const points = [[0.5, 0], [0.6, 1], [0.1, 0.5], [0.9, 0.5]]; // prettier-ignore
  const all = [[0, 3, 1, 2], [1, 2, 0, 3], [3, 0, 2, 1], [2, 1, 3, 0]]; // prettier-ignore
  const orders = fromTheLeft(tensor(all.map(() => points)), integers(all));
  expect(await orders.array()).toEqual(all.map(() => [2, 0, 3, 1]));

  const problems = await problemsOf(key(4), { count: 50, places: 7 });
  const { points: random, tour } = problems.batch(Int32Array.from({ length: 50 }, (_, i) => i));
  const places = (await random.array()) as number[][][];
  const given = (await tour.array()) as number[][];
  const turned = (await fromTheLeft(random, tour).array()) as number[][];
  for (const [i, own] of turned.entries()) {
    const coordinates = places[i]!.flat();
    expect(tourLength(coordinates, own)).toBeCloseTo(tourLength(coordinates, given[i]!), 5);
    expect(places[i]![own[0]!]![0]).toBe(Math.min(...places[i]!.map(([x]) => x!)));
  }
});

test("ratios are those of the lengths of whole tours, each of which visits every place", async () => {
  const model = new PointerNetwork({ inputs: 2, hidden: 4, random: 1 });
  const options = { count: 50, places: 6, beams: 720 }; // all tours, so the shortest is among them
  const { lengthRatio, shortestRatio, greedyRatio, drawn } = await judged(model, key(3), options);
  for (const ratio of [lengthRatio, greedyRatio]) expect(ratio).toBeGreaterThan(1.05);
  expect(shortestRatio).toBeCloseTo(1, 6);
  expect(drawn).toHaveLength(4);
  for (const { said, wanted } of drawn) expect(said.toSorted()).toEqual(wanted.toSorted());
});

test("a picture has a line for each tour and a dot for each place", () => {
  const drawn = { points: [0, 0, 1, 0, 1, 1], said: [0, 1, 2], wanted: [0, 2, 1] };
  const svg = pictureOf([drawn, drawn]);
  expect(svg.match(/<polygon/g)).toHaveLength(4);
  expect(svg.match(/<circle/g)).toHaveLength(6);
  expect(svg).toContain('points="0.0,220.0 220.0,220.0 220.0,0.0"'); // y points up
});

test.each([
  ["a set", {}, 1.1],
  ["a sequence", { encoder: "sequence" }, 1.1],
  ["classes with attention", { encoder: "sequence", answer: "classes with attention" }, 1.225],
  ["classes", { encoder: "sequence", answer: "classes" }, 1.225], // tours in any order: 1.228
])("a quick run learns from %s", async (_name, own, most) => {
  const settings = { ...experiment.quick, ...own };
  const { folder, result } = await runExperiment(experiment, { runs, settings, output: "quiet" });
  const losses = new MetricsLog(folder).read().flatMap(({ loss }) => loss ?? []);
  const last = losses.slice(-10).reduce((a, b) => a + b) / 10;
  expect(last).toBeLessThan(losses[0]! - 0.05);
  expect(result.lengthRatio).toBeGreaterThan(0.9999);
  expect(result.lengthRatio).toBeLessThan(most);
  expect(existsSync(join(folder, "tours.svg"))).toBe(true);
  expect(readFileSync(join(folder, "tours.svg"), "utf8")).toContain("<polygon");
});
