/** The part of WebAssembly's binary format that the kernels need. */

const type = { i32: 0x7f, v128: 0x7b } as const;

export const get = (local: number): number[] => [0x20, ...unsigned(local)];
export const set = (local: number): number[] => [0x21, ...unsigned(local)];
export const tee = (local: number): number[] => [0x22, ...unsigned(local)];
export const integer = (constant: number): number[] => [0x41, ...signed(constant)];
export const addIntegers = [0x6a];
export const subtractIntegers = [0x6b];
export const multiplyIntegers = [0x6c];
export const lessThan = [0x49]; // as unsigned numbers: addresses reach 4 GiB
export const bitwiseAnd = [0x71];
export const shiftLeft = [0x74];
export const shiftRight = [0x76];

/** Repeats `body` while the condition that it leaves on the stack is true. */
export const loop = (body: readonly number[]): number[] => [0x03, 0x40, ...body, 0x0d, 0, 0x0b];

/** Runs `body` if the condition on the stack is true. */
export const when = (body: readonly number[]): number[] => [0x04, 0x40, ...body, 0x0b];

/** Runs `body` while a counter is below a limit, which is given as code, and adds `step` to it each time. */
export const count = (counter: number, limit: readonly number[], step: number, body: readonly number[]): number[] => {
  const below = [...limit, ...lessThan];
  return [
    ...get(counter),
    ...below,
    ...when(loop([...body, ...get(counter), ...integer(step), ...addIntegers, ...tee(counter), ...below])),
  ];
};

/** The smaller of two integers, which are given as code. */
export const smaller = (a: readonly number[], b: readonly number[]): number[] => [
  ...a,
  ...b,
  ...a,
  ...b,
  ...lessThan,
  0x1b,
];

/** A vector instruction. */
export const simd = (code: number, ...immediates: number[]): number[] => [0xfd, ...unsigned(code), ...immediates];

/** A vector of four times the same 32 bits. */
export function constantVector(bytes: Uint8Array): number[] {
  return simd(0x0c, ...bytes, ...bytes, ...bytes, ...bytes);
}

/** Loads and stores four floats, or one float (and three zeros), at the address on the stack. */
export const load = simd(0x00, 2, 0);
export const loadOne = simd(0x5c, 2, 0);
export const store = simd(0x0b, 2, 0);
export const storeOne = simd(0x5a, 2, 0, 0);

/** Loads and stores one float as a number, not as a vector. */
export const loadFloat = [0x2a, 2, 0];
export const storeFloat = [0x38, 2, 0];

/** Loads the float at an address four times. */
export const loadSpread = simd(0x09, 2, 0);

/** Bools are bytes in memory. In a vector they are masks: all bits of a lane are set if it is true. */
const toMask = [...constantVector(new Uint8Array(4)), ...simd(0x38)];
const widen = [...simd(0x89), ...simd(0xa9), ...toMask];
const narrow = [
  ...constantVector(Uint8Array.of(1, 0, 0, 0)),
  ...simd(0x4e),
  ...constantVector(new Uint8Array(4)),
  ...simd(0x86),
  ...constantVector(new Uint8Array(4)),
  ...simd(0x66),
];
const loadByteSpread = [0x2d, 0, 0, ...simd(0x11)];
export const loadBools = [...loadOne, ...widen];
export const loadBoolSpread = [...loadByteSpread, ...toMask];
export const storeBools = [...narrow, ...storeOne];
export const storeBool = [...narrow, ...simd(0x58, 0, 0, 0)];

const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/**
 * A module that imports the memory "memory.memory" and exports one function "run". All parameters of the function are
 * integers; its locals are integers and vectors.
 */
export function moduleOf(
  code: {
    readonly parameters: number;
    readonly integers: number;
    readonly vectors: number;
    readonly body: readonly number[];
  },
  shared: boolean,
): Uint8Array<ArrayBuffer> {
  const name = (characters: string): number[] => sized([...new TextEncoder().encode(characters)]);
  const section = (id: number, content: readonly number[]): number[] => [id, ...sized(content)];
  const locals = [2, ...unsigned(code.integers), type.i32, ...unsigned(code.vectors), type.v128];
  const limits = shared ? [3, 0, ...unsigned(65_536)] : [0, 0];
  return Uint8Array.from([
    ...header,
    ...section(1, [
      1,
      0x60,
      ...unsigned(code.parameters),
      ...Array.from({ length: code.parameters }, () => type.i32),
      0,
    ]),
    ...section(2, [1, ...name("memory"), ...name("memory"), 2, ...limits]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name("run"), 0, 0]),
    ...section(10, [1, ...sized([...locals, ...code.body, 0x0b])]),
  ]);
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content];
}

/** LEB128: seven bits in each byte. */
function unsigned(number: number): number[] {
  return number < 0x80 ? [number] : [(number & 0x7f) | 0x80, ...unsigned(number >>> 7)];
}

function signed(number: number): number[] {
  return number >= -0x40 && number < 0x40 ? [number & 0x7f] : [(number & 0x7f) | 0x80, ...signed(number >> 7)];
}
