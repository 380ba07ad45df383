import type { DType, Shape, TypedArray } from "@ansatz/core";
import { allocate } from "@ansatz/core/plugin";
import { anything, at, floats, numbers, signed, type PlainOp, type PlainOps } from "./kernel.ts";
import { broadcastStrides, Rows } from "./rows.ts";

type Compute = (a: number, b: number) => number;

/** Elementwise ops of two operands, whose shapes broadcast. */
export const binaryOps: PlainOps = {
  add: pairwise(numbers, (a, b) => a + b),
  sub: pairwise(numbers, (a, b) => a - b),
  // The product of two 32-bit integers has up to 64 bits; only Math.imul keeps the low ones exactly.
  mul: pairwise(numbers, (a, b) => a * b, Math.imul),
  div: pairwise(floats, (a, b) => a / b),
  pow: pairwise(floats, power),
  maximum: pairwise(numbers, Math.max),
  minimum: pairwise(numbers, Math.min),
  remainder: pairwise(signed, flooredRemainder, (a, b) => (b === 0 ? 0 : flooredRemainder(a, b))),
  and: pairwise(["bool"], (a, b) => a & b),
  or: pairwise(["bool"], (a, b) => a | b),
  xor: pairwise(["bool"], (a, b) => a ^ b),
  equal: pairwise(anything, (a, b) => Number(a === b)),
  notEqual: pairwise(anything, (a, b) => Number(a !== b)),
  less: pairwise(numbers, (a, b) => Number(a < b)),
  lessEqual: pairwise(numbers, (a, b) => Number(a <= b)),
  greater: pairwise(numbers, (a, b) => Number(a > b)),
  greaterEqual: pairwise(numbers, (a, b) => Number(a >= b)),
};

function pairwise(dtypes: PlainOp["dtypes"], compute: Compute, integerCompute: Compute = compute): PlainOp {
  return {
    dtypes,
    kernel: (node, [a, b]) => {
      const integer = a!.dtype === "int32" || a!.dtype === "uint32";
      const fill = filler(node.shape, a!.shape, b!.shape, integer ? integerCompute : compute);
      return ([left, right]) => fill(left!, right!, node.dtype);
    },
  };
}

/** The loop over all pairs: a plain one if the shapes are equal, by rows if an operand is broadcast. */
function filler(
  shape: Shape,
  a: Shape,
  b: Shape,
  compute: Compute,
): (left: TypedArray, right: TypedArray, dtype: DType) => TypedArray {
  const size = shape.reduce((product, length) => product * length, 1);
  const rows = new Rows(shape, [broadcastStrides(a, shape), broadcastStrides(b, shape)]);
  const leftStep = at(rows.steps, 0);
  const rightStep = at(rows.steps, 1);
  if (rows.length === size && leftStep === 1 && rightStep === 1) {
    return (left, right, dtype) => {
      const result = allocate(dtype, size);
      for (let index = 0; index < size; index++) result[index] = compute(left[index]!, right[index]!);
      return result;
    };
  }
  return (left, right, dtype) => {
    const result = allocate(dtype, size);
    let output = 0;
    rows.forEach(([leftStart = 0, rightStart = 0]) => {
      let first = leftStart;
      let second = rightStart;
      for (let count = 0; count < rows.length; count++, first += leftStep, second += rightStep) {
        result[output++] = compute(left[first]!, right[second]!);
      }
    });
    return result;
  };
}

/** IEEE 754's power: 1 to any power is 1, and so is -1 to an infinite power. JavaScript's ** gives NaN for both. */
function power(a: number, b: number): number {
  if (a === 1 || (a === -1 && (b === Infinity || b === -Infinity))) return 1;
  return a ** b;
}

/** The remainder with the sign of `b`. */
function flooredRemainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}
