import { constantVector, integer, simd } from "./assembly.ts";

/** Takes the code of each operand and returns code that leaves the result on the stack. */
type Instruction = (...operands: readonly (readonly number[])[]) => number[];

const plain =
  (code: number): Instruction =>
  (...operands) => [...operands.flat(), ...simd(code)];

const splat = (value: number): number[] => constantVector(new Uint8Array(Float32Array.of(value).buffer));
const splatInteger = (value: number): number[] => constantVector(new Uint8Array(Int32Array.of(value).buffer));

const not = simd(0x4d);
const and = simd(0x4e);
const or = simd(0x50);
const shiftLeft = (bits: number): number[] => [...integer(bits), ...simd(0xab)];
const shiftRight = (bits: number): number[] => [...integer(bits), ...simd(0xad)];
const addIntegers = simd(0xae);
const addFloats = simd(0xe4);
const toFloat = simd(0xfa);

/** Takes the bits of `a` where the mask is set, and of `b` elsewhere. */
const select = (a: readonly number[], b: readonly number[], mask: readonly number[]): number[] => [
  ...a,
  ...b,
  ...mask,
  ...simd(0x52),
];
const compare = (code: number, a: readonly number[], b: readonly number[]): number[] => [...a, ...b, ...simd(code)];

/** Elementwise ops on four floats at once. True is all bits set. NaN and signed zeros behave as in IEEE 754. */
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
  /** 1 for x > 0, −1 for x < 0, and otherwise x itself, which is a zero or NaN. */
  sign: (x = []) => select(splat(1), select(splat(-1), x, compare(0x43, x, splat(0))), compare(0x44, x, splat(0))),
  where: (condition = [], a = [], b = []) => select(a, b, condition),
  /** From bool to float: keeps the bits of 1 where the mask is set. */
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

/** Ops on the parts of a normal float x = m 2ᵉ, with m from ½ to 1. */
const parts: Readonly<Record<string, Instruction>> = {
  /** 2ˣ for an integer x from −126 to 127. Adding 1.5 · 2²³ moves x into the lowest bits as an integer. */
  powerOfTwo: (x = []) => [...x, ...splat(1.5 * 2 ** 23 + 127), ...addFloats, ...shiftLeft(23)],
  /** e of a positive number. */
  exponent: (x = []) => [...x, ...shiftRight(23), ...splatInteger(-126), ...addIntegers, ...toFloat],
  /** m of a positive number. */
  mantissa: (x = []) => [...x, ...splatInteger(0x007fffff), ...and, ...splatInteger(0x3f000000), ...or],
};

/** Minimum and maximum that let a NaN pass, as one instruction of the processor. */
const bounds: Readonly<Record<string, Instruction>> = {
  atMost: plain(0xea),
  atLeast: plain(0xeb),
};

/** How each step is computed, four elements at once. */
export const instructions: Readonly<Record<string, Instruction>> = {
  ...arithmetic,
  ...comparisons,
  ...parts,
  ...bounds,
};
