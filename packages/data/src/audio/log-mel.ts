import {
  add,
  ArgumentError,
  convolution,
  log,
  matmul,
  reshape,
  ShapeError,
  slice,
  square,
  tensor,
  transpose,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";

export interface LogMelOptions {
  /** Samples per second. */
  readonly rate: number;
  /** How many bands. Default: 40. */
  readonly bands?: number;
  /** The length of a frame in seconds. Default: 0.025. */
  readonly window?: number;
  /** From the start of one frame to that of the next, in seconds. Default: 0.01. */
  readonly hop?: number;
  /** The lower end of the first band in Hertz. Default: 0. */
  readonly lowest?: number;
  /** The upper end of the last band in Hertz. Default: half the rate. */
  readonly highest?: number;
  /** Added to each energy, so that silence has a logarithm. Default: 1e-6. */
  readonly floor?: number;
}

/**
 * The energies of sounds in bands that are equally wide on the mel scale, as logarithms. Davis & Mermelstein 1980.
 *
 *   X[t, k] = Σₙ x[t · hop + n] hann[n] exp(−2πi k n / N)
 *   y[t, b] = ln(Σₖ triangle_b(k · rate / N) |X[t, k]|² + floor)
 *
 * Samples [..., samples] give [..., frames, bands], with 1 + ⌊(samples − window) / hop⌋ frames, none of them padded. N
 * is the smallest power of two that is at least the window. The triangles have height 1, and their corners are equally
 * far apart in mel(f) = 2595 log₁₀(1 + f / 700), as in HTK and in torchaudio's MelSpectrogram.
 *
 * @throws ArgumentError for options out of range, and for a band so narrow that it holds no frequency of the transform
 * @throws ShapeError for fewer samples than a frame has
 * @example logMel(zeros([2, 8_000]), { rate: 8_000 }).shape  // [2, 98, 40]
 */
export function logMel(samples: Tensor, options: LogMelOptions): Tensor {
  const { rate, bands = 40, window = 0.025, hop = 0.01, lowest = 0, highest = rate / 2, floor = 1e-6 } = options;
  const [length, step] = [Math.round(window * rate), Math.round(hop * rate)];
  for (const [name, value] of Object.entries({ bands, "window in samples": length, "hop in samples": step }))
    if (!Number.isInteger(value) || value < 1)
      throw new ArgumentError(`logMel: the ${name} is ${value}\n  use a whole number, 1 or more`);
  if (!(lowest >= 0 && lowest < highest && highest <= rate / 2))
    throw new ArgumentError(
      `logMel: bands from ${lowest} to ${highest} Hertz\n  use a range within 0 to ${rate / 2}, half the rate`,
    );
  if (!(floor > 0)) throw new ArgumentError(`logMel: the floor is ${floor}\n  use a number above 0`);
  const count = samples.shape.at(-1) ?? 0;
  if (count < length)
    throw new ShapeError(
      `logMel: ${showShape(samples.shape)} has ${count} samples, but a frame has ${length}\n` +
        "  pad the samples, or use a shorter window",
    );
  const size = 2 ** Math.ceil(Math.log2(length));
  const frequencies = Array.from({ length: size / 2 + 1 }, (_, k) => (k * rate) / size);
  const { dtype } = samples;
  const triangles = tensor(trianglesOf(frequencies, bands, lowest, highest), { dtype }); // [frequencies, bands]
  const kernel = tensor(waves(length, size), { shape: [2 * frequencies.length, 1, length], dtype });
  const parts = convolution(reshape(samples, [-1, 1, count]), kernel, { stride: step }); // cosines, then sines
  const part = (from: number): Tensor => slice(parts, [null, [from, from + frequencies.length]]);
  const power = add(square(part(0)), square(part(frequencies.length)));
  const energies = matmul(transpose(power, [0, 2, 1]), triangles);
  return log(add(reshape(energies, [...samples.shape.slice(0, -1), ...energies.shape.slice(1)]), floor));
}

/** Cosines, then sines, under a Hann window that is periodic in its length. */
function waves(length: number, size: number): Float64Array {
  const hann = Array.from({ length }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / length));
  const values = [Math.cos, Math.sin].flatMap((wave) =>
    Array.from({ length: size / 2 + 1 }, (_, k) =>
      hann.map((value, n) => value * wave((2 * Math.PI * ((k * n) % size)) / size)),
    ).flat(),
  );
  return Float64Array.from(values);
}

/** How much of each frequency is in each band. @throws ArgumentError for a band without any */
function trianglesOf(frequencies: readonly number[], bands: number, lowest: number, highest: number): number[][] {
  const mel = (frequency: number): number => 2595 * Math.log10(1 + frequency / 700);
  const [from, to] = [mel(lowest), mel(highest)];
  const corners = Array.from(
    { length: bands + 2 },
    (_, i) => 700 * (10 ** ((from + ((to - from) * i) / (bands + 1)) / 2595) - 1),
  );
  const rows = frequencies.map((frequency) =>
    Array.from({ length: bands }, (_, band) => {
      const [left, peak, right] = corners.slice(band) as [number, number, number];
      return Math.max(0, Math.min((frequency - left) / (peak - left), (right - frequency) / (right - peak)));
    }),
  );
  const empty = Array.from({ length: bands }, (_, band) => band).find((band) => rows.every((row) => row[band] === 0));
  if (empty !== undefined)
    throw new ArgumentError(
      `logMel: band ${empty} of ${bands}, from ${corners[empty]!.toFixed(0)} to ${corners[empty + 2]!.toFixed(0)} ` +
        "Hertz, holds no frequency of the transform\n  use fewer bands or a longer window",
    );
  return rows;
}
