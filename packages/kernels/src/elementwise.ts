import { allocate } from "@ansatz/core/plugin";
import { errorFunction } from "./erf.ts";
import { floats, signed, type PlainOp, type PlainOps } from "./kernel.ts";

/** Elementwise ops of one operand. Storing into the result's array rounds to its dtype. */
export const elementwise: PlainOps = {
  neg: map(signed, (x) => -x),
  abs: map(signed, Math.abs),
  sign: map(signed, Math.sign),
  exp: map(floats, Math.exp),
  log: map(floats, Math.log),
  sqrt: map(floats, Math.sqrt),
  sin: map(floats, Math.sin),
  cos: map(floats, Math.cos),
  tanh: map(floats, Math.tanh),
  erf: map(floats, errorFunction),
  sigmoid: map(floats, sigmoid),
  floor: map(floats, Math.floor),
  ceil: map(floats, Math.ceil),
  round: map(floats, roundHalfToEven),
  // Composite ops with kernels of their own, because 1 + x and eˣ - 1 lose the digits of a small x.
  log1p: map(floats, Math.log1p),
  expm1: map(floats, Math.expm1),
  not: map(["bool"], (x) => 1 - x),
  // Ops run one by one, so nothing is merged across the barrier and everything before it has run.
  barrier: {
    dtypes: [...signed, "uint32", "bool"],
    kernel:
      () =>
      ([x]) =>
        x!,
  },
};

function map(dtypes: PlainOp["dtypes"], compute: (x: number) => number): PlainOp {
  return {
    dtypes,
    kernel:
      (node) =>
      ([x]) => {
        const values = x!;
        const result = allocate(node.dtype, values.length);
        for (let index = 0; index < values.length; index++) result[index] = compute(values[index]!);
        return result;
      },
  };
}

/** The logistic function. It never raises e to a large positive power, so nothing overflows. */
function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const power = Math.exp(x);
  return power / (1 + power);
}

function roundHalfToEven(x: number): number {
  const up = Math.round(x);
  // Math.round rounds halves up and keeps the sign of zero.
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}
