import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, grad, ShapeError, sum, tensor, use, zeros, type Tensor } from "@ansatz/core";
import { beforeAll, expect, test } from "vitest";
import { loadSafetensors, logMel, type LogMelOptions } from "./index.ts";

beforeAll(() => use(cpu()));

const { tensors } = await loadSafetensors(new URL("../reference/log-mel.safetensors", import.meta.url).pathname);
const recorded = (name: string): Tensor => tensor(tensors[name]!.data, { shape: tensors[name]!.shape });

test.each<[string, LogMelOptions]>([
  ["defaults", { rate: 8_000 }],
  ["options", { rate: 16_000, bands: 20, window: 0.032, hop: 0.008, lowest: 100, highest: 7_000, floor: 1e-3 }],
])("energies are librosa's: %s", async (name, options) => {
  const [ours, theirs] = [logMel(recorded("samples"), options), recorded(name)];
  expect(ours.shape).toEqual(theirs.shape);
  expect(ours.dtype).toBe("float64");
  const wanted = await theirs.data();
  for (const [i, value] of (await ours.data()).entries()) expect(value).toBeCloseTo(wanted[i]!, 9);
});

test("a cosine at a frequency of the transform has the power of half the window's sum, in three places", async () => {
  const [rate, length, k] = [8_000, 256, 32]; // 1,000 Hertz
  const wave = Float64Array.from({ length }, (_, n) => Math.cos((2 * Math.PI * k * n) / length));
  const options = { rate, window: length / rate, hop: 0.01, floor: 1e-12 };
  const energies = (await logMel(tensor(wave), options).data()).map(Math.exp);
  // A Hann window spreads it over the frequencies beside it: half the amplitude, a quarter of the power.
  const power = (length / 4) ** 2;
  const mel = (frequency: number) => 2595 * Math.log10(1 + frequency / 700);
  const width = mel(4_000) / 41;
  const corner = (place: number) => 700 * (10 ** ((place * width) / 2595) - 1);
  for (const [band, energy] of energies.entries()) {
    const [left, peak, right] = [corner(band), corner(band + 1), corner(band + 2)];
    const share = (frequency: number) =>
      Math.max(0, Math.min((frequency - left) / (peak - left), (right - frequency) / (right - peak)));
    const step = rate / length;
    const wanted = power * (share(1_000) + (share(1_000 - step) + share(1_000 + step)) / 4);
    expect(energy).toBeCloseTo(wanted, 6);
  }
});

test("silence has the floor's logarithm, and gradients flow to the samples", async () => {
  const [first] = await logMel(zeros([8_000]), { rate: 8_000 }).data();
  expect(first).toBeCloseTo(Math.log(1e-6), 4);
  const samples = recorded("samples");
  const [gradient] = grad(sum(logMel(samples, { rate: 8_000 })), [samples]);
  expect(gradient!.shape).toEqual(samples.shape);
  expect((await gradient!.data()).some((value) => value !== 0)).toBe(true);
});

test.each<[string, LogMelOptions, RegExp]>([
  ["bands", { rate: 8_000, bands: 0 }, /the bands is 0/],
  ["hop", { rate: 8_000, hop: 0 }, /the hop in samples is 0/],
  ["range", { rate: 8_000, highest: 5_000 }, /from 0 to 5000 Hertz\n.*0 to 4000/],
  ["floor", { rate: 8_000, floor: 0 }, /the floor is 0/],
  ["narrow", { rate: 8_000, bands: 100 }, /band \d+ of 100, .* holds no frequency/],
])("a wrong %s is refused", (_name, options, message) => {
  expect(() => logMel(zeros([1_000]), options)).toThrow(message);
  expect(() => logMel(zeros([1_000]), options)).toThrow(ArgumentError);
});

test("too few samples for a frame are refused", () => {
  expect(() => logMel(zeros([3, 199]), { rate: 8_000 })).toThrow(ShapeError);
  expect(logMel(zeros([3, 200]), { rate: 8_000 }).shape).toEqual([3, 1, 40]);
});
