import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { key, use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { PointerNetwork } from "@ansatz/nn-pointer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { covered, hullOf, hulls, isSimple, pointsOf, signedArea, type Point } from "./hulls.ts";
import experiment from "./index.ts";
import { judged } from "./judged.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

/** Almost a square, a point in its middle, and one to the right of it. */
const house: readonly Point[] = [
  [0.5, 0.5],
  [1, 1],
  [-0.1, 0],
  [0, 1],
  [1, 0],
  [2, 0.4],
];

describe("hulls", () => {
  test("go counter-clockwise from the leftmost point", () => {
    expect(hullOf(house)).toEqual([2, 4, 5, 1, 3]);
    expect(signedArea([2, 4, 1, 3].map((place) => house[place]!))).toBeCloseTo(1.05, 9);
    expect(signedArea([2, 3, 1, 4].map((place) => house[place]!))).toBeCloseTo(-1.05, 9);
  });

  test("have every point on their left, and are padded to one length with the end and −1", async () => {
    const places = 7;
    const problems = await hulls(key(1), { count: 200, least: 3, most: 6, places });
    const { points, lengths, hull } = problems.columns;
    expect(new Set(lengths.data)).toEqual(new Set([3, 4, 5, 6]));
    for (const [i, length] of lengths.data.entries()) {
      const own = pointsOf(points.data.subarray(2 * places * i), length);
      const row = [...hull.data.subarray((places + 1) * i, (places + 1) * (i + 1))];
      const corners = row.slice(0, row.indexOf(places));
      expect(row.slice(corners.length)).toEqual([places, ...Array.from({ length: places - corners.length }, () => -1)]);
      expect(own[corners[0]!]![0]).toBe(Math.min(...own.map(([x]) => x)));
      for (const [j, corner] of corners.entries()) {
        const next = own[corners[(j + 1) % corners.length]!]!;
        for (const point of own) expect(signedArea([own[corner]!, next, point])).toBeGreaterThanOrEqual(0);
      }
      expect([...points.data.subarray(2 * (places * i + length), 2 * places * (i + 1))].every((x) => x === 0)).toBe(
        true,
      );
    }
  });

  test("an answer covers a share of the area, and nothing if it crosses itself or repeats a place", () => {
    expect(isSimple([2, 4, 1, 3].map((place) => house[place]!))).toBe(true);
    expect(isSimple([2, 1, 4, 3].map((place) => house[place]!))).toBe(false);
    expect(covered(house, [2, 4, 5, 1, 3])).toBe(1);
    expect(covered(house, [3, 1, 5, 4, 2])).toBe(1); // the direction does not matter to the area
    expect(covered(house, [2, 4, 1, 3])).toBeCloseTo(1.05 / 1.55, 6);
    for (const answer of [[2, 1, 4, 3], [2, 4], [2, 4, 1, 2], []]) expect(covered(house, answer)).toBe(0);
  });
});

test("an answer is right only if it is the whole hull and ends there", async () => {
  const options = { count: 50, size: 5, places: 6 };
  const { columns } = await hulls(key(2), { ...options, least: 5, most: 5 });
  const model = new PointerNetwork({ inputs: 2, hidden: 4, ends: true, random: 1 });
  const [rows, width] = [columns.hull.data as Int32Array, 7];
  const saying = async (change: (row: number[]) => number[]) => {
    const answers = Array.from({ length: 50 }, (_, i) => change([...rows.subarray(i * width, (i + 1) * width)]));
    model.greedy = () => ({ array: async () => answers }) as never;
    return judged(model, key(2), options);
  };
  expect(await saying((row) => row)).toEqual({ exactlyRight: 1, coveredArea: 1 });
  const late = await saying((row) => row.map((place) => (place === 6 ? 0 : place)));
  expect(late.exactlyRight).toBe(0);
  const turned = await saying((row) => {
    const corners = row.slice(0, row.indexOf(6));
    return [...corners.slice(1), corners[0]!, ...row.slice(corners.length)];
  });
  expect(turned.exactlyRight).toBe(0); // the start is part of the answer
  expect(turned.coveredArea).toBeCloseTo(1, 5);
});

test("a smallest problem above the largest is refused", async () => {
  const settings = { ...experiment.quick, least: 5, most: 4 };
  await expect(runExperiment(experiment, { runs, settings, output: "quiet" })).rejects.toThrow(
    "least is 5 but most is 4",
  );
});

test.each([
  ["pointing at a set", {}, 0.25, 0.3],
  ["pointing at a sequence", experiment.baselines["sequence"]!, 0.25, 0.3],
  ["classes with attention", experiment.baselines["attention"]!, 0.05, 0.3],
  ["classes", experiment.baselines["classes"]!, 0.1, 0.3],
])("a quick run learns by %s", async (_name, own, fall, area) => {
  const settings = { ...experiment.quick, ...own };
  const { folder, result } = await runExperiment(experiment, { runs, settings, output: "quiet" });
  const losses = new MetricsLog(folder).read().flatMap(({ loss }) => loss ?? []);
  const last = losses.slice(-10).reduce((a, b) => a + b) / 10;
  expect(last).toBeLessThan(losses[0]! - fall);
  expect(result.coveredArea).toBeGreaterThanOrEqual(area);
});
