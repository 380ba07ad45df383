/**
 * The WebAssembly SIMD routine that draws Threefry-2x32 words, eight counters at once: its few hundred bytes are put
 * together here, on first use, so that the source of the routine is what runs.
 */

/** What the routine is called with; see {@link DrawKernel.draw}. */
type Draw = (end: number, key0: number, key1: number, counter: number, threshold: number, value: number) => void;

/** The routine and the block of memory that it writes. */
export interface DrawKernel {
  readonly memory: ArrayBuffer;
  /**
   * Where the block begins, in bytes. Large arrays begin at a page, and copying between equal places of two pages is
   * seven times slower.
   */
  readonly start: number;
  /** Bytes in the block, a multiple of 128. */
  readonly size: number;
  /**
   * Fills the block's bytes [0, end), `end` a multiple of 128, starting at a counter.
   * With a threshold below zero it writes the words themselves; else one float32 for each 16 bits, low half first:
   * `value` where the half is below the threshold, 0 elsewhere.
   */
  readonly draw: Draw;
}

/** The part of WebAssembly's JavaScript interface used here; its types come with browsers' only. */
interface Engine {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly draw: Draw };
  };
}

let loaded: { readonly kernel: DrawKernel | undefined } | undefined;

/** The routine, made on first use; undefined if WebAssembly SIMD is missing or forbidden. */
export function kernel(): DrawKernel | undefined {
  loaded ??= { kernel: load() };
  return loaded.kernel;
}

function load(): DrawKernel | undefined {
  const engine = (globalThis as unknown as { WebAssembly?: Engine }).WebAssembly;
  if (engine === undefined) return undefined;
  try {
    const { exports } = new engine.Instance(new engine.Module(assembleDrawKernel()));
    return { memory: exports.memory.buffer, start, size: 32_768, draw: exports.draw };
  } catch {
    return undefined; // no SIMD, or a content security policy without 'wasm-unsafe-eval'
  }
}

const start = 2_048;

const i32 = 0x7f;
const f32 = 0x7d;
const v128 = 0x7b;

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

const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const tee = (local: number): number[] => [0x22, local];
const integer = (constant: number): number[] => [0x41, ...signed(constant)];
const simd = (code: number, ...immediates: number[]): number[] => [0xfd, ...unsigned(code), ...immediates];

const or = [0xfd, 0x50];
const xor = [0xfd, 0x51];
const add = [0xfd, 0xae, 0x01];
const splat = [0xfd, 0x11];
const vector = (words: readonly number[]): number[] => simd(0x0c, ...words.flatMap((word) => [word, 0, 0, 0]));

/** On x and y of words x0…x3, y0…y3: the words chosen by position, 0–3 from x and 4–7 from y. */
const choose = (words: readonly number[]): number[] =>
  simd(0x0d, ...words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte)));

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

const body = (): number[] => [
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

/** The WebAssembly module's bytes. */
export function assembleDrawKernel(): Uint8Array {
  const text = (characters: string): number[] => sized([...characters].map((character) => character.charCodeAt(0)));
  const section = (id: number, content: readonly number[]): number[] => [id, ...sized(content)];
  const locals = [2, 2, i32, 11, v128];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 6, i32, i32, i32, i32, i32, f32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 1, 1, 1]), // one page of 64 KiB, never more
    ...section(7, [2, ...text("memory"), 2, 0, ...text("draw"), 0, 0]),
    ...section(10, [1, ...sized([...locals, ...body()])]),
  ]);
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content];
}

/** LEB128, seven bits a byte. */
function unsigned(number: number): number[] {
  return number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...unsigned(number >>> 7)];
}

function signed(number: number): number[] {
  return number >= -0x40 && number < 0x40 ? [number & 0x7f] : [(number & 0x7f) | 0x80, ...signed(number >> 7)];
}
