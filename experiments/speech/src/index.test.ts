import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { ArgumentError, key, log, RandomStream, tensor, use } from "@ansatz/core";
import type { SpokenDigit } from "@ansatz/data";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import experiment from "./index.ts";
import { judged } from "./judged.ts";
import { Listener, listenerOf } from "./listener.ts";
import { features, soundOf, stepsIn } from "./sound.ts";
import { errorOfTemplates, warped } from "./templates.ts";
import { utterances } from "./utterances.ts";

const speakers = ["a", "b", "c", "d", "e", "f"];
/** Digits as two tones, one after the other: each has its own, and each speaker slightly higher ones. */
const tones: readonly SpokenDigit[] = speakers.flatMap((speaker, i) =>
  Array.from({ length: 80 }, (_, place): SpokenDigit => {
    const [digit, take] = [place % 10, Math.floor(place / 10)];
    const [first, second] = [digit % 4, (digit + 1 + Math.floor(digit / 4)) % 4];
    const length = 2_400 + 100 * take;
    const samples = Float32Array.from({ length }, (_value, t) =>
      Math.sin(((2 * Math.PI * t) / 8_000) * 400 * 1.6 ** (t < length / 2 ? first : second) * 1.01 ** i),
    );
    return { name: `${digit}_${speaker}_${take}`, transcript: "", digit, speaker, take, rate: 8_000, samples };
  }),
);
vi.mock(import("@ansatz/data"), async (original) => ({ ...(await original()), spokenDigits: async () => tones }));

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(async () => use(await onnx()));

const options = { count: 20, fewest: 2, most: 4, pause: 0.2, seconds: 3 };

describe("utterances", () => {
  test("are digits by one speaker, one after the other, as their labels say", async () => {
    const { columns, places } = await utterances(tones, key(1), options);
    const { labels, count, steps, sound } = columns.columns;
    expect(sound.shape).toEqual([stepsIn(24_000), features]);
    expect(new Set(places.map(({ length }) => length))).toEqual(new Set([2, 3, 4]));
    for (const [i, own] of places.entries()) {
      expect(new Set(own.map(({ digit }) => digit.speaker)).size).toBe(1);
      expect([...labels.data.subarray(4 * i, 4 * i + own.length)]).toEqual(own.map(({ digit }) => digit.digit + 1));
      expect(count.data[i]).toBe(own.length);
      for (const [j, { from, to }] of own.entries()) {
        expect(to - from).toBeGreaterThan(5);
        expect(from).toBeGreaterThanOrEqual(j === 0 ? 0 : own[j - 1]!.to);
        expect(to).toBeLessThanOrEqual(steps.data[i]!);
      }
    }
    expect(new Set(places.map(([first]) => first!.digit.speaker)).size).toBeGreaterThan(3);
  });

  test("leave out digits that do not fit", async () => {
    const { places } = await utterances(tones, key(1), { ...options, fewest: 4, seconds: 1 });
    expect(Math.max(...places.map(({ length }) => length))).toBeLessThan(4);
    expect(Math.min(...places.map(({ length }) => length))).toBeGreaterThan(0);
  });
});

describe("sound", () => {
  test("has mean 0 and variance 1 in each band over the steps that count, and is 0 after them", async () => {
    const wave = Float32Array.from({ length: 8_000 }, (_, t) => Math.sin(t * t * 3.3e-4));
    const sound = await soundOf([wave], Int32Array.of(20), { normalize: true });
    expect(sound).toHaveLength(stepsIn(8_000) * features);
    for (const band of [0, 7, 39]) {
      const values = Array.from({ length: 60 }, (_, frame) => sound[frame * 40 + band]!);
      const mean = values.reduce((a, b) => a + b) / 60;
      expect(mean).toBeCloseTo(0, 4);
      expect(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 60).toBeCloseTo(1, 3);
    }
    expect(sound.subarray(20 * features).every((value) => value === 0)).toBe(true);
  });
});

describe("listeners", () => {
  test("both have equal parameters, within 2 %, and at most those that are asked for", () => {
    const most = experiment.settings["parameters"]!.default as number;
    const own = { layers: 1, dropout: 0 };
    const counts = [true, false].map((bidirectional) =>
      listenerOf(most, { ...own, bidirectional, random: new RandomStream(1) }).parameterCount(),
    );
    expect(Math.max(...counts)).toBeLessThanOrEqual(most);
    expect(Math.min(...counts) / Math.max(...counts)).toBeGreaterThan(0.98);
    const few = () => listenerOf(10, { ...own, bidirectional: true, random: new RandomStream(1) });
    expect(few).toThrow(ArgumentError);
  });

  test.each([true, false])("only with both directions what comes later matters: %s", async (bidirectional) => {
    const model = new Listener({ bidirectional, hidden: 3, layers: 1, dropout: 0, random: new RandomStream(1) });
    const values = Float32Array.from({ length: 4 * features }, (_, i) => Math.sin(i));
    const first = async (last: number) => {
      const filled = values.map((value, i) => (i < 3 * features ? value : last));
      const sound = tensor(filled, { shape: [1, 4, features] });
      return [...(await model.forward(sound, tensor([4], { dtype: "int32" })).data()).slice(0, 11)];
    };
    const [one, other] = [await first(0), await first(1)];
    if (bidirectional) expect(other).not.toEqual(one);
    else expect(other).toEqual(one);
  });
});

test("errors are edits for each digit, and blanks are counted inside of digits", async () => {
  const heard = await utterances(tones, key(2), { ...options, count: 2, fewest: 2, most: 2 });
  const places = [
    [{ digit: tones[3]!, from: 1, to: 3 }],
    [
      { digit: tones[4]!, from: 0, to: 1 },
      { digit: tones[5]!, from: 2, to: 4 },
    ],
  ];
  const model = new Listener({ bidirectional: false, hidden: 1, layers: 1, dropout: 0, random: new RandomStream(1) });
  // The first is heard as 3, the second as 4 alone. Of five steps inside digits, three are blank.
  const paths = [[0, 4, 0, 0], [5, 0, 0, 0]]; // prettier-ignore
  const steps = heard.columns.columns.sound.shape![0]!;
  const scores = Array.from({ length: steps }, (_, step) =>
    paths.map((path) => Array.from({ length: 11 }, (_label, label) => (label === (path[step] ?? 0) ? 0.9 : 0.01))),
  );
  model.forward = () => log(tensor(scores));
  const { figures, posteriors } = await judged(model, { ...heard, places }, 4);
  expect(figures).toEqual({
    labelErrorRate: 1 / 3,
    labelErrorRateByPrefixes: 1 / 3,
    blankInside: 3 / 5,
    utteranceAccuracy: 1 / 2,
  });
  expect(posteriors[0]![1]![4]).toBeCloseTo(0.9, 5);
});

describe("templates", () => {
  const steps = (...values: number[]) => values.map((value) => Float32Array.of(value));

  test("a slower one costs nothing more, another one its distances", () => {
    expect(warped(steps(1, 2, 3), steps(1, 1, 2, 3, 3))).toBe(0);
    expect(warped(steps(0), steps(3))).toBe((2 * 3) / 2);
    expect(warped(steps(0, 4), steps(1, 4))).toBe((2 * 1) / 4);
    expect(warped(steps(0), steps(1, 2))).toBe((2 * 1 + 2) / 3);
  });

  test("tones are found by those of other speakers, and not where all are the same digit", async () => {
    const [known, unseen] = [tones.slice(0, 10), tones.slice(80, 100)];
    expect(await errorOfTemplates(known, unseen)).toBe(0);
    expect(await errorOfTemplates(known.slice(0, 1), unseen)).toBe(0.9);
  });
});

test("fewest digits above the most are refused", async () => {
  const settings = { ...experiment.quick, fewest: 7 };
  await expect(runExperiment(experiment, { runs, settings, output: "quiet" })).rejects.toThrow(
    `fewest is 7 but most is ${experiment.quick["most"]}`,
  );
});

const found: number[] = [];
test.each([["main", {}], ...Object.entries(experiment.baselines)] as [string, object][])(
  "a quick run of %s learns from tones",
  async (_name, own) => {
    const settings = { ...own, ...experiment.quick, steps: 60, learningRate: 1e-2 };
    const { folder, result } = await runExperiment(experiment, { runs, settings, output: "quiet" });
    const losses = new MetricsLog(folder).read().map(({ loss }) => loss!);
    expect(Math.min(...losses.slice(-10))).toBeLessThan(losses[0]! - 1);
    expect(readFileSync(join(folder, "posteriors.svg"), "utf8")).toMatch(/^<svg/);
    expect(found).not.toContain(result["validationLoss"]);
    found.push(result["validationLoss"]!);
  },
);
