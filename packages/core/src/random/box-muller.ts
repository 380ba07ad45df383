/** 1 / (2k + 1): log m = 2 s (1 + s²/3 + s⁴/5 + …) with s = (m − 1) / (m + 1). */
export const logarithmTerms: readonly number[] = Array.from({ length: 10 }, (_, k) => 1 / (2 * k + 1));

/** (−1)ᵏ / (2k + 1)! and (−1)ᵏ / (2k)!, Taylor's terms of sin x / x and cos x in x². */
export const sineTerms: readonly number[] = taylor(8, 1);
export const cosineTerms: readonly number[] = taylor(9, 0);

function taylor(count: number, first: number): number[] {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  return Array.from({ length: count }, (_, k) => (-1) ** k / factorial(2 * k + first));
}

/** The upper half of the bits of √½ as a float64. */
export const rootOfHalf = 0x3fe6a09e;

const bits = new Float64Array(1);
const halves = new Int32Array(bits.buffer);
const upper = new Uint8Array(Float64Array.of(1).buffer)[7] === 0x3f ? 1 : 0;

/** The natural logarithm of a number above 0: that of a mantissa from √½ to √2, and the exponent's. */
function logarithm(x: number): number {
  bits[0] = x;
  const exponent = (halves[upper]! - rootOfHalf) >> 20;
  halves[upper]! -= exponent << 20;
  const ratio = (bits[0] - 1) / (bits[0] + 1);
  return exponent * Math.LN2 + 2 * ratio * polynomial(ratio * ratio, logarithmTerms);
}

/** c₀ + y (c₁ + y (c₂ + …)) */
function polynomial(y: number, terms: readonly number[]): number {
  let sum = terms[terms.length - 1]!;
  for (let k = terms.length - 2; k >= 0; k--) sum = sum * y + terms[k]!;
  return sum;
}

/**
 * Turns pairs of uniform numbers in [0, 1), in units of `unit`, into pairs of standard normal numbers: the radius
 * √(−2 log(1 − u)) times cosine and sine of the angle 2π v. Box & Muller 1958, "A note on the generation of random
 * normal deviates".
 *
 * The functions are computed here, since those of JavaScript may differ between engines.
 */
export function boxMuller(uniforms: ArrayLike<number>, unit: number, values: Float32Array | Float64Array): void {
  for (let i = 0; i < values.length; i += 2) {
    const radius = Math.sqrt(-2 * logarithm(1 - uniforms[i]! * unit));
    const turn = 4 * unit * uniforms[i + 1]!;
    const quarter = Math.floor(turn + 0.5);
    const angle = (turn - quarter) * (Math.PI / 2);
    const [sine, cosine] = [angle * polynomial(angle * angle, sineTerms), polynomial(angle * angle, cosineTerms)];
    const odd = (quarter & 1) === 1;
    values[i] = radius * (((quarter + 1) & 2) === 0 ? 1 : -1) * (odd ? sine : cosine);
    if (i + 1 < values.length) values[i + 1] = radius * ((quarter & 2) === 0 ? 1 : -1) * (odd ? cosine : sine);
  }
}
