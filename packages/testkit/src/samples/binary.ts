import { add, div, maximum, minimum, mul, pow, remainder, sub, type Shape } from "@ansatz/core";
import { apart, between, floats, numbers, samplesOf, signed, whole, type OpSamples } from "../sample.ts";
import { binarySamples } from "./elementwise.ts";

const centred = (shape: Shape) => between(-3, 3, shape);
const positive = (shape: Shape) => between(0.3, 3, shape);
/** Integers, in the integer dtype that both inputs share. */
const small = (shape: Shape) => whole(1, 9, shape);
/** Without the largest numbers, because it depends on the engine whether intermediate products overflow. */
const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 2.5];

/** Binary arithmetic ops. */
export const binaryOps: readonly OpSamples[] = [
  withIntegers(
    binarySamples(add, (a, b) => a + b, [centred, centred], { extremes: special }),
    add,
    (a, b) => a + b,
  ),
  withIntegers(
    binarySamples(sub, (a, b) => a - b, [centred, centred], { extremes: special }),
    sub,
    (a, b) => a - b,
  ),
  withIntegers(
    binarySamples(mul, (a, b) => a * b, [centred, centred], { extremes: special }),
    mul,
    Math.imul,
  ),
  binarySamples(div, (a, b) => a / b, [centred, positive], { extremes: special }),
  binarySamples(pow, power, [positive, centred], { extremes: [NaN, Infinity, -Infinity, 0, 1, -1, 2.5, 2] }),
  withIntegers(binarySamples(maximum, Math.max, [apart, (shape) => between(-3, 3, shape)]), maximum, Math.max),
  withIntegers(binarySamples(minimum, Math.min, [apart, (shape) => between(-3, 3, shape)]), minimum, Math.min),
  withSignedDivisors(
    binarySamples(remainder, floored, [centred, positive], { extremes: [NaN, 0, 1, -1, 2.5, -2.5, 7] }),
  ),
];

/** Adds samples of integers, including results that leave their range. */
function withIntegers(
  { op, samples }: OpSamples,
  call: typeof add,
  compute: (a: number, b: number) => number,
): OpSamples {
  const common = {
    call,
    dtypes: numbers.filter((dtype) => !floats.some((float) => float === dtype)),
    expected: (a: readonly number[], b: readonly number[]) => [a.map((x, i) => compute(x, b[i]!))],
  };
  return {
    op,
    samples: [
      ...samples,
      { ...common, name: "integers", inputs: [small([12]), small([12])] },
      {
        ...common,
        name: "integers that wrap around",
        inputs: [whole(2147480000, 2147483647, [12]), whole(2147480000, 2147483647, [12])],
      },
    ],
  };
}

function withSignedDivisors({ op, samples }: OpSamples): OpSamples {
  const divisors = samplesOf(remainder, {
    name: "every pair of signs",
    call: remainder,
    dtypes: signed,
    gradient: false,
    inputs: [
      { shape: [6], values: () => [7, -7, 7, -7, 6, -6] },
      { shape: [6], values: () => [3, 3, -3, -3, 3, -3] },
    ],
    expected: (a, b) => [a.map((x, i) => floored(x, b[i]!))],
  });
  return { op, samples: [...samples, ...divisors.samples] };
}

function floored(a: number, b: number): number {
  return ((a % b) + b) % b;
}

/** As in IEEE 754: 1 to any power is 1, and so is -1 to an infinite power. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : Math.pow(a, b);
}
