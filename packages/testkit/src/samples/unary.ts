import {
  abs,
  ceil,
  cos,
  erf,
  exp,
  expm1,
  floor,
  log,
  log1p,
  neg,
  round,
  sigmoid,
  sign,
  sin,
  sqrt,
  tanh,
} from "@ansatz/core";
import { apart, between, exactly, signed, type OpSamples } from "../sample.ts";
import { unarySamples } from "./elementwise.ts";

const centred = (shape: readonly number[]) => between(-3, 3, shape);
const positive = (shape: readonly number[]) => between(0.2, 4, shape);
const halves = (shape: readonly number[]) =>
  shape.length === 2 && shape[0] === 3
    ? exactly([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5, -3.4, 3.4, 3.6, 1e9], shape)
    : apart(shape);
/** Without huge numbers, because engines reduce the arguments of trigonometric functions differently. */
const modest = [NaN, Infinity, -Infinity, 0, -0, 1e-30];

/** Unary ops. */
export const unaryOps: readonly OpSamples[] = [
  unarySamples(neg, (x) => -x, apart, { dtypes: signed }),
  unarySamples(abs, Math.abs, apart, { dtypes: signed }),
  unarySamples(sign, Math.sign, apart, { dtypes: signed }),
  unarySamples(exp, Math.exp, centred),
  unarySamples(expm1, Math.expm1, (shape) => between(-0.01, 0.01, shape)),
  unarySamples(log, Math.log, positive),
  unarySamples(log1p, Math.log1p, (shape) => between(-0.01, 0.01, shape), {
    extremes: [NaN, Infinity, 0, -0, -1, -2, 3e38, 1e-30],
  }),
  unarySamples(sqrt, Math.sqrt, positive, { extremes: [NaN, Infinity, -Infinity, 0, 3e38, 1e-30] }),
  unarySamples(sin, Math.sin, centred, { extremes: modest }),
  unarySamples(cos, Math.cos, centred, { extremes: modest }),
  unarySamples(tanh, Math.tanh, centred),
  unarySamples(erf, errorFunction, centred),
  unarySamples(sigmoid, (x) => 1 / (1 + Math.exp(-x)), centred),
  unarySamples(floor, Math.floor, apart),
  unarySamples(ceil, Math.ceil, apart),
  unarySamples(round, halfToEven, halves, { gradient: false }),
];

/** erf(x) = 2/√π ∫₀ˣ exp(−t²) dt, by Simpson's rule. */
export function errorFunction(x: number): number {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? NaN : Math.sign(x);
  const end = Math.min(Math.abs(x), 7);
  const parts = 2000;
  let total = 0;
  for (let i = 0; i <= parts; i++) {
    const weight = i === 0 || i === parts ? 1 : i % 2 === 0 ? 2 : 4;
    total += weight * Math.exp(-(((end * i) / parts) ** 2));
  }
  return ((Math.sign(x) * 2) / Math.sqrt(Math.PI)) * total * (end / parts / 3);
}

function halfToEven(x: number): number {
  const near = Math.round(x);
  return Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : near;
}
