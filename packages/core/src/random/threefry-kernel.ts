/** The WebAssembly SIMD routine that draws Threefry-2x32 words, eight counters at once. */
import { choose, f32, get, i32, integer, set, simd, start, tee, v128, xor, type Routine } from "./assembly.ts";

// Local variables: the parameters, then the routine's own.
const [end, key0, key1, counter, threshold, value] = [0, 1, 2, 3, 4, 5] as const;
const [at, turn] = [6, 7] as const;
const keys = [8, 9, 10] as const;
const [counters, thresholds, values, spare] = [11, 12, 13, 14] as const;

/**
 * The two words of four counters. Two such groups advance side by side, since one alone would wait for its own results.
 */
const groups = [
  { a: 15, b: 16 },
  { a: 17, b: 18 },
] as const;
type Group = (typeof groups)[number];
const words = [15, 16, 17, 18] as const;

const or = simd(0x50);
const add = simd(0xae);
const splat = simd(0x11);
const vector = (words: readonly number[]): number[] => simd(0x0c, ...words.flatMap((word) => [word, 0, 0, 0]));

/** Stores what `content` leaves, `offset` bytes past `at`. */
const store = (offset: number, content: readonly number[]): number[] => [
  ...get(at),
  ...content,
  ...simd(0x0b, 4, offset),
];

/** at += bytes */
const advance = (bytes: number): number[] => [...get(at), ...integer(bytes), 0x6a, ...set(at)];

/** For both groups: a += b; b = rotate(b, by) ^ a */
const round = (by: number): number[] =>
  groups.flatMap(({ a, b }) => [
    ...[...get(b), ...integer(by), ...simd(0xab), ...get(b), ...integer(32 - by), ...simd(0xad), ...or],
    ...[...get(a), ...get(b), ...add, ...tee(a), ...xor, ...set(b)],
  ]);

/** After each four rounds a takes in one key, and b another and the number of the turn. */
const inject = (keyOfA: number, keyOfB: number): number[] => [
  ...[...get(turn), ...integer(1), 0x6a, ...tee(turn), ...splat, ...get(keyOfB), ...add, ...set(spare)],
  ...groups.flatMap(({ a, b }) => [
    ...get(a),
    ...get(keyOfA),
    ...add,
    ...set(a),
    ...get(b),
    ...get(spare),
    ...add,
    ...set(b),
  ]),
];

/** Four rounds twice over, leaving (for block 1) after the fifth turn; then the keys move on by two places. */
const turns = (): number[] => [
  ...[...[13, 15, 26, 6].flatMap(round), ...inject(keys[1], keys[2])],
  ...[...get(turn), ...integer(5), 0x46, 0x0d, 1],
  ...[...[17, 29, 16, 24].flatMap(round), ...inject(keys[2], keys[0])],
  ...[...get(keys[0]), ...get(keys[1]), ...get(keys[2]), ...set(keys[0]), ...set(keys[2]), ...set(keys[1])],
];

/** Puts both words of a group's first two counters into its a, in order, and those of its last two into its b. */
const interleave = ({ a, b }: Group): number[] => [
  ...[...get(a), ...get(b), ...choose([0, 4, 1, 5])],
  ...[...get(a), ...get(b), ...choose([2, 6, 3, 7]), ...set(b), ...set(a)],
];

/** Stores the decisions of eight halves. */
const decide = (offset: number, halves: number): number[] => [
  ...[...get(halves), ...get(thresholds), ...simd(0x30), ...set(spare)],
  ...store(offset, [...get(spare), ...simd(0xa7), ...get(values), ...simd(0x4e)]),
  ...store(offset + 16, [...get(spare), ...simd(0xa8), ...get(values), ...simd(0x4e)]),
];

/**
 * Fills the block's bytes [0, end), `end` a multiple of 128, starting at a counter. With a threshold below zero it
 * writes the words themselves; else one float32 for each 16 bits, low half first: `value` where the half is below the
 * threshold, 0 elsewhere.
 */
export type Draw = (end: number, key0: number, key1: number, counter: number, threshold: number, value: number) => void;

export const draw = (): Routine => ({
  parameters: [i32, i32, i32, i32, i32, f32],
  locals: [
    [2, i32],
    [11, v128],
  ],
  code: code(),
});

const code = (): number[] => [
  ...[...integer(start), ...tee(at), ...get(end), 0x6a, ...set(end)],
  ...[...get(counter), ...splat, ...vector([0, 1, 2, 3]), ...add, ...set(counters)],
  ...[...get(threshold), ...simd(0x10), ...set(thresholds)],
  ...[...get(value), ...simd(0x13), ...set(values)],
  ...[0x03, 0x40], // loop
  ...[...get(key0), ...splat, ...set(keys[0])],
  ...[...get(key1), ...splat, ...set(keys[1])],
  ...[...get(keys[0]), ...get(keys[1]), ...xor, ...integer(0x1bd11bda), ...splat, ...xor, ...set(keys[2])],
  ...groups.flatMap(({ a, b }) => [
    ...[...get(counters), ...get(keys[0]), ...add, ...set(a), ...get(keys[1]), ...set(b)],
    ...[...get(counters), ...integer(4), ...splat, ...add, ...set(counters)],
  ]),
  ...[...integer(0), ...set(turn), 0x02, 0x40, 0x03, 0x40, ...turns(), 0x0c, 0, 0x0b, 0x0b], // block { loop { turns } }
  ...groups.flatMap(interleave),
  ...[...get(threshold), ...integer(0), 0x48, 0x04, 0x40], // if threshold < 0
  ...[...words.flatMap((word, i) => store(16 * i, get(word))), ...advance(64)],
  0x05, // else
  ...[...words.flatMap((word, i) => decide(32 * i, word)), ...advance(128)],
  0x0b, // end if
  ...[...get(at), ...get(end), 0x48, 0x0d, 0], // again while at < end
  ...[0x0b, 0x0b], // end loop, end of the function
];
