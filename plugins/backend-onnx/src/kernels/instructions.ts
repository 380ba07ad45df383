import { constantVector, simd } from "./assembly.ts";

/** Code that leaves a result on the stack, given the code of each operand. */
type Instruction = (...operands: readonly (readonly number[])[]) => number[];

const plain =
  (code: number): Instruction =>
  (...operands) => [...operands.flat(), ...simd(code)];

const splat = (value: number): number[] => constantVector(new Uint8Array(Float32Array.of(value).buffer));

const not = simd(0x4d);
const and = simd(0x4e);

/** Bits of b where the mask is clear, of a where it is set. */
const select = (a: readonly number[], b: readonly number[], mask: readonly number[]): number[] => [...a, ...b, ...mask, ...simd(0x52)];
const compare = (code: number, a: readonly number[], b: readonly number[]): number[] => [...a, ...b, ...simd(code)];

/** Elementwise ops on four floats at once; truths are all bits set. NaN and signed zeros behave as in IEEE 754. */
const arithmetic: Readonly<Record<string, Instruction>> = {
  add: plain(0xe4),
  sub: plain(0xe5),
  mul: plain(0xe6),
  div: plain(0xe7),
  minimum: plain(0xe8),
  maximum: plain(0xe9),
  abs: plain(0xe0),
  neg: plain(0xe1),
  sqrt: plain(0xe3),
  ceil: plain(0x67),
  floor: plain(0x68),
  round: plain(0x6a),
  /** 1 above zero, −1 below, and else x itself: a zero or NaN. */
  sign: (x = []) => select(splat(1), select(splat(-1), x, compare(0x43, x, splat(0))), compare(0x44, x, splat(0))),
  where: (condition = [], a = [], b = []) => select(a, b, condition),
  /** From bool: the bits of 1 where it is true. */
  cast: (x = []) => [...x, ...splat(1), ...and],
};

const comparisons: Readonly<Record<string, Instruction>> = {
  equal: plain(0x41),
  notEqual: plain(0x42),
  less: plain(0x43),
  greater: plain(0x44),
  lessEqual: plain(0x45),
  greaterEqual: plain(0x46),
  not: (x = []) => [...x, ...not],
  and: plain(0x4e),
  or: plain(0x50),
  xor: plain(0x51),
};

/** How an op is done in a kernel. */
export const instructions: Readonly<Record<string, Instruction>> = { ...arithmetic, ...comparisons };
