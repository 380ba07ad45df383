import {
  add,
  ArgumentError,
  div,
  eye,
  gather,
  lerp,
  matmul,
  mul,
  pow,
  sort,
  sqrt,
  square,
  sub,
  sum,
  zeros,
  zerosLike,
  type Shape,
  type Tensor,
} from "@ansatz/core";
import { updateRule, type UpdateResult } from "@ansatz/core/plugin";
import { qr } from "@ansatz/linalg";
import { covariance, rotated } from "./rotation.ts";

/** The moments, and for each axis that is rotated an average of covariances L and its eigenvectors Q. */
type Part = "m" | "v" | `L${number}` | `Q${number}`;

export interface SoapOptions {
  /** Axes longer than this are not rotated, such as the vocabulary of an embedding. Default: 10,000. */
  readonly longest?: number;
}

/**
 * SOAP with other options than the defaults: `soapWith({ longest: 1024 })`.
 *
 * @throws ArgumentError unless `longest` is 0 or more
 * @example soapWith({ longest: 1024 }).name  // "soap"
 */
export function soapWith({ longest = 10_000 }: SoapOptions = {}) {
  if (!(longest >= 0)) throw new ArgumentError(`soapWith: longest is ${longest}\n  use 0 or more`);
  const axesOf = ({ shape }: { readonly shape: Shape }): readonly number[] =>
    shape.length < 2 ? [] : [...shape.keys()].filter((axis) => shape[axis]! <= longest);
  return updateRule({
    name: "soap",
    spec: 1,
    hyper: { beta1: 0.95, beta2: 0.95, shampooBeta: 0.95, epsilon: 1e-8, weightDecay: 0.01 },
    state: (θ): Readonly<Record<Part, Tensor>> => {
      const { shape, dtype } = θ;
      const squareOf = (make: (length: number) => Tensor, name: string) =>
        axesOf(θ).map((axis) => [`${name}${axis}`, make(shape[axis]!)] as const);
      return {
        m: zerosLike(θ),
        v: zerosLike(θ),
        ...Object.fromEntries(squareOf((length) => zeros([length, length], { dtype }), "L")),
        ...Object.fromEntries(squareOf((length) => eye(length, { dtype }), "Q")),
      };
    },
    update(context) {
      const { θ, g, m, v, step: t, learningRate: η, beta1, beta2, shampooBeta, epsilon: ε, weightDecay: λ } = context;
      const bases = [...θ.shape.keys()].map((axis) => context[`Q${axis}`]);
      const nextM = lerp(g, m, beta1);
      const nextV = lerp(square(rotated(g, bases)), v, beta2);
      const N = rotated(div(rotated(nextM, bases), add(sqrt(nextV), ε)), bases, { back: true });
      const rate = div(mul(η, sqrt(sub(1, pow(beta2, t)))), sub(1, pow(beta1, t)));
      const averages = axesOf(θ).map(
        (axis) => [`L${axis}`, lerp(covariance(g, axis), context[`L${axis}`]!, shampooBeta)] as const,
      );
      return {
        ...Object.fromEntries(averages),
        θ: mul(sub(θ, mul(rate, N)), sub(1, mul(η, λ))),
        m: nextM,
        v: nextV,
      };
    },
    observe(context) {
      const next: { -readonly [Name in keyof UpdateResult<Part>]: UpdateResult<Part>[Name] } = {};
      for (const axis of axesOf(context.θ)) {
        const Q = context[`Q${axis}`]!;
        const power = matmul(context[`L${axis}`]!, Q);
        const order = sort(sum(mul(Q, power), 0), { descending: true }).indices; // of the eigenvalues, as estimated
        next.v = gather(next.v ?? context.v, order, axis);
        next[`Q${axis}`] = qr(gather(power, order, 1)).q;
      }
      return next;
    },
  });
}

/**
 * SOAP: Adam in the eigenvectors of Shampoo's preconditioners, Q₀ and Q₁ for a matrix. Vyas, Morwani, Zhao, Kwun,
 * Shapira, Brandfonbrener, Janson & Kakade 2024, arXiv:2409.11321, Algorithm 3, with the corrected moments and the
 * decay of the authors' program.
 *
 *   m ← β₁ m + (1 − β₁) g      v ← β₂ v + (1 − β₂) (Q₀ᵀ g Q₁)²      N = Q₀ (Q₀ᵀ m Q₁ / (√v + ε)) Q₁ᵀ
 *   θ ← (1 − η λ) (θ − η √(1 − β₂ᵗ) / (1 − β₁ᵗ) N)
 *   L₀ ← β L₀ + (1 − β) g gᵀ      L₁ ← β L₁ + (1 − β) gᵀ g    with β = `shampooBeta`
 *
 * `initializeBasis` takes the eigenvectors of the first gradients. Every k updates, 10 in the paper, call
 * `optimizer.observe(gradients)` after `update`. It makes one step of power iteration, Q ← QR(L Q), with columns in the
 * order of their eigenvalues.
 *
 * More than two axes are rotated each by its own matrix. Vectors and scalars are updated as by Adam.
 *
 * @example new Optimizer([parameter(zeros([2, 3]))], soap, { learningRate: 3e-3 }).rule.name  // "soap"
 */
export const soap = soapWith();
