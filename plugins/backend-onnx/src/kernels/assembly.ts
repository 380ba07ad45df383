/** The part of WebAssembly's binary format that the kernels need. */

export const type = { i32: 0x7f, f32: 0x7d, v128: 0x7b } as const;

export const get = (local: number): number[] => [0x20, ...unsigned(local)];
export const set = (local: number): number[] => [0x21, ...unsigned(local)];
export const tee = (local: number): number[] => [0x22, ...unsigned(local)];
export const integer = (constant: number): number[] => [0x41, ...signed(constant)];
export const addIntegers = [0x6a];
export const lessThan = [0x48];

/** Repeats `body` while the condition that it ends with holds. */
export const loop = (body: readonly number[]): number[] => [0x03, 0x40, ...body, 0x0d, 0, 0x0b];

/** A vector instruction. */
export const simd = (code: number, ...immediates: number[]): number[] => [0xfd, ...unsigned(code), ...immediates];

/** Four floats at an address, `offset` bytes further on. */
export const load = (offset: number): number[] => simd(0x00, 4, ...unsigned(offset));
export const store = (offset: number): number[] => simd(0x0b, 4, ...unsigned(offset));

/** The float at an address, four times. */
export const loadSplat = (offset: number): number[] => simd(0x09, 2, ...unsigned(offset));

/** Four times the same 32 bits. */
export function constantVector(bytes: Uint8Array): number[] {
  return simd(0x0c, ...bytes, ...bytes, ...bytes, ...bytes);
}

const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A module with one exported function "run" of integers, with one more integer and vectors of its own, over the imported memory "memory.memory". */
export function moduleOf(parameters: number, vectorLocals: number, body: readonly number[]): Uint8Array<ArrayBuffer> {
  const name = (characters: string): number[] => sized([...new TextEncoder().encode(characters)]);
  const section = (id: number, content: readonly number[]): number[] => [id, ...sized(content)];
  const locals = [2, 1, type.i32, ...unsigned(vectorLocals), type.v128];
  return Uint8Array.from([
    ...header,
    ...section(1, [1, 0x60, ...unsigned(parameters), ...Array.from({ length: parameters }, () => type.i32), 0]),
    ...section(2, [1, ...name("memory"), ...name("memory"), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name("run"), 0, 0]),
    ...section(10, [1, ...sized([...locals, ...body, 0x0b])]),
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
