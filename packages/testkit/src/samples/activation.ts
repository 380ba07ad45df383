import { gelu, relu, softplus, type Tensor } from "@ansatz/core";
import { geluGradient } from "@ansatz/core/plugin";
import { apart, between, exactly, samplesOf, signed, type OpSamples, type Sample } from "../sample.ts";
import { unarySamples } from "./elementwise.ts";
import { errorFunction } from "./unary.ts";

const normal = (x: number): number => 0.5 * (1 + errorFunction(x / Math.SQRT2));
const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
const inner = (x: number): number => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
const innerSlope = (x: number): number => Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);

const forms = [
  { approximate: false, value: (x: number) => x * normal(x), slope: (x: number) => normal(x) + x * density(x) },
  {
    approximate: true,
    value: (x: number) => 0.5 * x * (1 + Math.tanh(inner(x))),
    slope: (x: number) => 0.5 * (1 + Math.tanh(inner(x))) + 0.5 * x * (1 - Math.tanh(inner(x)) ** 2) * innerSlope(x),
  },
] as const;

function geluSamples({ approximate, value }: (typeof forms)[number]): Sample[] {
  const name = approximate ? "tanh form" : "exact";
  const common = { call: (x: Tensor) => gelu(x, { approximate }), expected: (x: readonly number[]) => [x.map(value)] };
  return [
    { ...common, name: `${name}, a matrix`, inputs: [between(-4, 4, [3, 5])] },
    { ...common, name: `${name}, 0-d`, inputs: [between(-1, 1, [])] },
    { ...common, name: `${name}, empty`, inputs: [between(-1, 1, [0, 4])] },
    { ...common, name: `${name}, large values and NaN`, inputs: [exactly([-8, 8, 0, NaN, 30])], gradient: false },
    { ...common, name: `${name}, training size`, inputs: [between(-4, 4, [64, 515])], training: true },
  ];
}

function slopeSamples({ approximate, slope }: (typeof forms)[number]): Sample[] {
  const name = approximate ? "tanh form" : "exact";
  const common = {
    call: (g: Tensor, x: Tensor) => geluGradient(g, x, { approximate }),
    expected: (g: readonly number[], x: readonly number[]) => [g.map((own, i) => own * slope(x[i]!))],
  };
  return [
    { ...common, name: `${name}, a matrix`, inputs: [apart([3, 5]), between(-4, 4, [3, 5])] },
    {
      ...common,
      name: `${name}, training size`,
      inputs: [apart([64, 515]), between(-4, 4, [64, 515])],
      training: true,
    },
  ];
}

/** Activation functions. */
export const activations: readonly OpSamples[] = [
  unarySamples(relu, (x) => (x > 0 || Number.isNaN(x) ? x : 0), apart, { dtypes: signed }),
  unarySamples(
    softplus,
    (x) => Math.max(x, 0) + (Number.isNaN(x) ? x : Math.log1p(Math.exp(-Math.abs(x)))),
    (shape) => between(-4, 4, shape),
  ),
  samplesOf(gelu, ...forms.flatMap(geluSamples)),
  samplesOf(geluGradient, ...forms.flatMap(slopeSamples)),
];
