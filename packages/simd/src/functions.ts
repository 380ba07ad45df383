import { constantOperand, type Operand } from "./expression.ts";

/** Appends a step to a program and returns its result. Numbers become constants. */
export type Emit = (op: string, ...operands: readonly (Operand | number)[]) => Operand;

type Composition = (emit: Emit, x: Operand) => Operand;

/** Σ cᵢ xⁱ, with the coefficient of the highest power first. */
function polynomial(emit: Emit, x: Operand, coefficients: readonly number[]): Operand {
  return coefficients
    .slice(1)
    .reduce<Operand>(
      (sum, coefficient) => emit("add", emit("mul", sum, x), coefficient),
      constantOperand(coefficients[0] ?? 0),
    );
}

/** eˣ = 2ⁿ eʳ with |r| ≤ ln 2 / 2; ln 2 is split into two parts. Cephes Mathematical Library, expf. */
const exp: Composition = (emit, x) => {
  const bounded = emit("atMost", emit("atLeast", x, -104), 89);
  const n = emit("round", emit("mul", bounded, Math.LOG2E));
  const r = emit("add", emit("sub", bounded, emit("mul", n, 0.693359375)), emit("mul", n, 2.1219444e-4));
  const curve = polynomial(
    emit,
    r,
    [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1],
  );
  const power = emit("add", emit("add", emit("mul", emit("mul", r, r), curve), r), 1);
  const half = emit("floor", emit("mul", n, 0.5)); // 2ⁿ may overflow although 2ⁿ eʳ does not
  return emit("mul", emit("mul", power, emit("powerOfTwo", half)), emit("powerOfTwo", emit("sub", n, half)));
};

/** ln x = ln m + e ln 2, with x = m 2ᵉ and m from √½ to √2. Cephes Mathematical Library, logf. */
const log: Composition = (emit, x) => {
  const small = emit("less", x, 1.1754943508222875e-38); // smaller floats are subnormal
  const normal = emit("where", small, emit("mul", x, 2 ** 23), x);
  const mantissa = emit("mantissa", normal);
  const low = emit("less", mantissa, Math.SQRT1_2);
  const e = emit("sub", emit("sub", emit("exponent", normal), emit("where", small, 23, 0)), emit("where", low, 1, 0));
  const t = emit("sub", emit("where", low, emit("add", mantissa, mantissa), mantissa), 1);
  const square = emit("mul", t, t);
  const curve = polynomial(
    emit,
    t,
    [
      7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
      2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    ],
  );
  const rest = emit(
    "sub",
    emit("sub", emit("mul", emit("mul", t, square), curve), emit("mul", e, 2.1219444e-4)),
    emit("mul", square, 0.5),
  );
  const finite = emit("add", emit("add", t, rest), emit("mul", e, 0.693359375));
  const outside = emit(
    "where",
    emit("equal", x, 0),
    -Infinity,
    emit("where", emit("equal", x, Infinity), Infinity, NaN),
  );
  return emit("where", emit("and", emit("greater", x, 0), emit("less", x, Infinity)), finite, outside);
};

/** x P(x²) / Q(x²), for x between −bound and bound. */
const rational =
  (bound: number, p: readonly number[], q: readonly number[]): Composition =>
  (emit, x) => {
    const bounded = emit("atMost", emit("atLeast", x, -bound), bound);
    const square = emit("mul", bounded, bounded);
    return emit("div", emit("mul", bounded, polynomial(emit, square, p)), polynomial(emit, square, q));
  };

/** Beyond 7.9 the result is 1 in float32. The coefficients are Eigen 3.4's. */
const tanh = rational(
  7.90531110763549805,
  [
    -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8, 1.48572235717979e-5,
    6.37261928875436e-4, 4.89352455891786e-3,
  ],
  [1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3],
);

/** Beyond 4 the result is 1 in float32. The coefficients are Eigen 3.4's. */
const erf = rational(
  4,
  [
    -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5, -7.34990630326855e-4,
    -2.95459980854025e-3, -1.60960333262415e-2,
  ],
  [-1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3, -1.42647390514189e-2],
);

const sigmoid: Composition = (emit, x) => emit("div", 1, emit("add", 1, exp(emit, emit("neg", x))));

/**
 * Functions that no instruction computes, composed of steps that are instructions. Each is within 8 ulp of the true
 * value.
 */
export const functions: Readonly<Record<string, Composition>> = { exp, log, tanh, erf, sigmoid };
