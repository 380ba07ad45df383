import {
  add,
  concat,
  matmul,
  mul,
  softmax,
  square,
  sub,
  sum,
  tanh,
  transpose,
  zerosLike,
  type Tensor,
} from "@ansatz/core";
import type { LSTMLanguageModel, Step } from "./lstm.ts";

/** The gradients of the loss, by the names of the parameters. */
export type Gradients = Readonly<Record<"W" | "U" | "b" | "V" | "d", Tensor>>;

/**
 * Backpropagation through time, written by hand: the chain rule from the last step to the first. δz is ∂loss/∂z, a
 * subscript is the step, and `later` is what step t + 1 passes back to step t.
 */
export function backward(model: LSTMLanguageModel, steps: readonly Step[]): Gradients {
  const [batch] = steps[0]!.x.shape as [number];
  const zero = zerosLike(steps[0]!.c);
  let total: Gradients | undefined;
  let later = { δh: zero, δc: zero };
  for (let t = steps.length - 1; t >= 0; t--) {
    const { x, target, i, f, g, o, c, h, logits } = steps[t]!;
    const before = steps[t - 1] ?? { h: zero, c: zero }; // hₜ₋₁ and cₜ₋₁

    // loss = −(1/n) Σ target · ln softmax(y)   ⇒   δy = (softmax(y) − target) / n
    const δy = mul(sub(softmax(logits), target), 1 / (batch * steps.length));
    // y = h V + d, and h goes into the next step   ⇒   δh = δy Vᵀ + δaₜ₊₁ Uᵀ
    const δh = add(matmul(δy, transpose(model.V)), later.δh);
    // h = o ⊙ tanh(c)   ⇒   δo = δh ⊙ tanh(c),   δc = δh ⊙ o ⊙ (1 − tanh²(c)) + δcₜ₊₁ ⊙ fₜ₊₁
    const δo = mul(δh, tanh(c));
    const δc = add(mul(mul(δh, o), sub(1, square(tanh(c)))), later.δc);
    // c = f ⊙ cₜ₋₁ + i ⊙ g   ⇒   δi = δc ⊙ g,   δf = δc ⊙ cₜ₋₁,   δg = δc ⊙ i
    const [δi, δf, δg] = [mul(δc, g), mul(δc, before.c), mul(δc, i)];
    // σ′ = σ (1 − σ),   tanh′ = 1 − tanh²
    const δa = concat([mul(δi, slope(i)), mul(δf, slope(f)), mul(δg, sub(1, square(g))), mul(δo, slope(o))], -1);
    // a = x W + hₜ₋₁ U + b   ⇒   δW = xᵀ δa,   δU = hₜ₋₁ᵀ δa,   δb = Σ δa,   and hₜ₋₁ gets δa Uᵀ;   cₜ₋₁ gets δc ⊙ f
    const here: Gradients = {
      W: matmul(transpose(x), δa),
      U: matmul(transpose(before.h), δa),
      b: sum(δa, 0),
      V: matmul(transpose(h), δy),
      d: sum(δy, 0),
    };
    total = total === undefined ? here : plus(total, here); // every step has the same weights: gradients add up
    later = { δh: matmul(δa, transpose(model.U)), δc: mul(δc, f) };
  }
  return total!;
}

/** The slope of the sigmoid at the value s. */
function slope(s: Tensor): Tensor {
  return mul(s, sub(1, s));
}

function plus(a: Gradients, b: Gradients): Gradients {
  return { W: add(a.W, b.W), U: add(a.U, b.U), b: add(a.b, b.b), V: add(a.V, b.V), d: add(a.d, b.d) };
}
