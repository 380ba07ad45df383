/** The WebAssembly SIMD routine that turns random words into normal numbers, as `boxMuller` does, two pairs at once. */
import { choose, f64, get, i32, integer, set, simd, start, tee, v128, xor, type Routine } from "./assembly.ts";
import { cosineTerms, logarithmTerms, rootOfHalf, sineTerms } from "./box-muller.ts";

/** Replaces the words in the block's bytes [0, end), `end` a multiple of 16, by normal float32. */
export type Normals = (end: number, mean: number, std: number) => void;

// Local variables: the parameters, then the routine's own.
const [end, mean, std, at] = [0, 1, 2, 3] as const;
const [words, means, stds, logarithm, exponent, ratio, square, turn, quarter, sine, cosine, odd] = [
  4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
] as const;

const constant = (value: number): number[] => simd(0x0c, ...new Uint8Array(Float64Array.of(value, value).buffer));
const whole = (value: bigint): number[] => simd(0x0c, ...new Uint8Array(BigInt64Array.of(value, value).buffer));
const operator =
  (code: number) =>
  (a: readonly number[], b: readonly number[]): number[] => [...a, ...b, ...simd(code)];
const [plus, minus, times, over] = [operator(0xf0), operator(0xf1), operator(0xf2), operator(0xf3)] as const;
const [and, addWhole, subtractWhole] = [operator(0x4e), operator(0xce), operator(0xd1)] as const;
const [shiftLeft, shiftRight] = [operator(0xcb), operator(0xcc)] as const;
const either = (mask: number, yes: number, no: number): number[] => [
  ...get(yes),
  ...get(no),
  ...get(mask),
  ...simd(0x52),
];

/** c₀ + y (c₁ + y (c₂ + …)) */
const polynomial = (y: readonly number[], terms: readonly number[]): number[] =>
  terms.slice(0, -1).reduceRight((inner, term) => plus(times(inner, y), constant(term)), constant(terms.at(-1)!));

/** The words at two places, as float64. */
const fractions = (first: number, second: number, unit: number): number[] =>
  times([...get(words), ...get(words), ...choose([first, second, first, second]), ...simd(0xff)], constant(unit));

/** `value`, negative where a bit of `quarters` is set. */
const signed = (value: readonly number[], quarters: readonly number[]): number[] => [
  ...shiftLeft(and(quarters, whole(2n)), integer(62)),
  ...value,
  ...xor,
];

/** mean + std · value, where the value is rounded to float32 first. */
const scaled = (value: readonly number[]): number[] => [
  ...plus(get(means), times(get(stds), [...value, ...simd(0x5e), ...simd(0x5f)])),
  ...simd(0x5e),
];

const code = (): number[] => [
  ...[...integer(start), ...tee(at), ...get(end), 0x6a, ...set(end)],
  ...[...get(mean), ...simd(0x14), ...set(means), ...get(std), ...simd(0x14), ...set(stds)],
  ...[0x03, 0x40], // loop
  ...[...get(at), ...simd(0, 4, 0), ...set(words)],
  // The logarithm of 1 - the first word: that of a mantissa from √½ to √2, and the exponent's.
  ...[...minus(constant(1), fractions(0, 2, 2 ** -32)), ...set(logarithm)],
  ...[...shiftRight(subtractWhole(get(logarithm), whole(BigInt(rootOfHalf) << 32n)), integer(52)), ...set(exponent)],
  ...[...subtractWhole(get(logarithm), shiftLeft(get(exponent), integer(52))), ...set(logarithm)],
  ...[...over(minus(get(logarithm), constant(1)), plus(get(logarithm), constant(1))), ...set(ratio)],
  ...[...times(get(ratio), get(ratio)), ...set(square)],
  ...plus(
    times([...get(exponent), ...get(exponent), ...choose([0, 2, 0, 2]), ...simd(0xfe)], constant(Math.LN2)),
    times(times(constant(2), get(ratio)), polynomial(get(square), logarithmTerms)),
  ),
  ...set(logarithm),
  // Sine and cosine of the second word as an angle: those of its distance from a multiple of a quarter turn.
  ...[...fractions(1, 3, 2 ** -30), ...tee(turn), ...constant(0.5), ...simd(0xf0), ...simd(0x75), ...set(quarter)],
  ...[...times(minus(get(turn), get(quarter)), constant(Math.PI / 2)), ...set(turn)],
  ...[...times(get(turn), get(turn)), ...set(square)],
  ...[...times(get(turn), polynomial(get(square), sineTerms)), ...set(sine)],
  ...[...polynomial(get(square), cosineTerms), ...set(cosine)],
  ...[...get(quarter), ...simd(0xfd), ...simd(0xc9), ...set(quarter)],
  ...[...shiftRight(shiftLeft(get(quarter), integer(63)), integer(63)), ...set(odd)],
  // The radius, then both numbers of each pair.
  ...[...times(constant(-2), get(logarithm)), ...simd(0xef), ...set(logarithm)],
  ...get(at),
  ...scaled(times(get(logarithm), signed(either(odd, sine, cosine), addWhole(get(quarter), whole(1n))))),
  ...scaled(times(get(logarithm), signed(either(odd, cosine, sine), get(quarter)))),
  ...[...choose([0, 4, 1, 5]), ...simd(0x0b, 4, 0)],
  ...[...get(at), ...integer(16), 0x6a, ...tee(at), ...get(end), 0x48, 0x0d, 0], // again while at < end
  ...[0x0b, 0x0b], // end loop, end of the function
];

export const normals = (): Routine => ({
  parameters: [i32, f64, f64],
  locals: [
    [1, i32],
    [12, v128],
  ],
  code: code(),
});
