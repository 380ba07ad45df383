import { compile, tensor, type Tensor } from "@ansatz/core";
import { logMel } from "@ansatz/data";

/** Samples per second of the recordings. */
export const rate = 8_000;
/** The length of a frame and the distance of frames, in seconds. */
const frame = { window: 0.025, hop: 0.01 };
const bands = 40;
/** How many frames the network reads in one step. Sak et al. 2015, arXiv:1507.06947. */
const stacked = 3;
/** The features of a step. */
export const features = bands * stacked;

/** How many steps the network reads of so many samples. */
export function stepsIn(samples: number): number {
  const frames = 1 + Math.floor((samples - frame.window * rate) / (frame.hop * rate));
  return Math.max(0, Math.floor(frames / stacked));
}

/**
 * The energies of sounds in 40 bands as the network reads them, [steps, features] for each. Over the steps that count,
 * each band has mean 0 and variance 1; the others are 0.
 */
export async function soundOf(samples: readonly Float32Array[], lengths: Int32Array): Promise<Float32Array> {
  const [{ length }, batch] = [samples[0]!, 50];
  const energies = compile((some: Tensor) => logMel(some, { rate, bands, ...frame }));
  const size = stepsIn(length) * features;
  const sound = new Float32Array(samples.length * size);
  for (let first = 0; first < samples.length; first += batch) {
    const some = new Float32Array(batch * length); // after the last sound, silence
    const own = samples.slice(first, first + batch);
    for (const [i, one] of own.entries()) some.set(one, i * length);
    const all = await (await energies(tensor(some, { shape: [batch, length] }))).data();
    for (const i of own.keys()) {
      const counted = all.subarray((i * all.length) / batch).subarray(0, lengths[first + i]! * features);
      sound.set(normalized(counted as Float32Array), (first + i) * size);
    }
  }
  return sound;
}

/** Each band with mean 0 and variance 1. */
function normalized(energies: Float32Array): Float32Array {
  const result = new Float32Array(energies.length);
  const frames = energies.length / bands;
  for (let band = 0; band < bands; band++) {
    let [sum, squares] = [0, 0];
    for (let at = band; at < energies.length; at += bands) {
      sum += energies[at]!;
      squares += energies[at]! ** 2;
    }
    const mean = sum / frames;
    const deviation = Math.sqrt(Math.max(squares / frames - mean ** 2, 1e-6));
    for (let at = band; at < energies.length; at += bands) result[at] = (energies[at]! - mean) / deviation;
  }
  return result;
}
