import { compile, tensor, type Tensor } from "@ansatz/core";
import { logMel } from "@ansatz/data";

/** Samples per second of the recordings. */
export const rate = 8_000;
/** The length of a frame and the distance of frames, in seconds. */
const frame = { window: 0.025, hop: 0.01 };
/** Below this energy nothing is heard; that of the noise is several times as large. */
const floor = 0.01;
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

const energies = compile((samples: Tensor) => logMel(samples, { rate, bands, floor, ...frame }));
/** Sounds that are read at once, and the samples that their length is a multiple of: few programs are compiled. */
const [batch, multiple] = [50, rate];

/**
 * The energies of sounds in 40 bands, [steps, features] for each; steps that do not count are 0. With `normalize` each
 * band has mean 0 and variance 1 over those that count.
 */
export async function soundOf(
  samples: readonly Float32Array[],
  lengths: Int32Array,
  { normalize }: { readonly normalize: boolean },
): Promise<Float32Array> {
  const { length } = samples[0]!;
  const padded = Math.ceil(length / multiple) * multiple;
  const size = stepsIn(length) * features;
  const sound = new Float32Array(samples.length * size);
  for (let first = 0; first < samples.length; first += batch) {
    const some = new Float32Array(batch * padded); // after the last sound, silence
    const own = samples.slice(first, first + batch);
    for (const [i, one] of own.entries()) some.set(one, i * padded);
    const all = await (await energies(tensor(some, { shape: [batch, padded] }))).data();
    for (const i of own.keys()) {
      const start = (i * all.length) / batch;
      const counted = all.subarray(start, start + lengths[first + i]! * features) as Float32Array;
      sound.set(normalize ? normalized(counted) : counted, (first + i) * size);
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
