import {
  add,
  cast,
  concat,
  logSoftmax,
  matmul,
  Module,
  mul,
  neg,
  oneHot,
  parameter,
  sigmoid,
  split,
  squeeze,
  sum,
  tanh,
  uniform,
  zeros,
  type Parameter,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";

/** The values of a step of the forward pass that the backward pass needs. */
export interface Step {
  readonly x: Tensor; // the character, one-hot  [batch, characters]
  readonly target: Tensor; // the one after it, one-hot  [batch, characters]
  readonly i: Tensor; // the gates and the candidate, each  [batch, hidden]
  readonly f: Tensor;
  readonly g: Tensor;
  readonly o: Tensor;
  readonly c: Tensor; // the cell  [batch, hidden]
  readonly h: Tensor; // the output  [batch, hidden]
  readonly logits: Tensor; // [batch, characters]
}

/**
 * A language model of characters: one LSTM and a linear layer, in float64, from core's plainest ops.
 *
 *   i = σ(aᵢ)   f = σ(a_f)   g = tanh(a_g)   o = σ(aₒ)   with a = x W + h U + b
 *   c′ = f ⊙ c + i ⊙ g   h′ = o ⊙ tanh(c′)   logits = h′ V + d
 *
 * Hochreiter & Schmidhuber 1997; forget gates: Gers, Schmidhuber & Cummins 2000.
 */
export class LSTMLanguageModel extends Module {
  readonly characters: number;
  readonly hidden: number;
  readonly W: Parameter; // [characters, 4 · hidden]
  readonly U: Parameter; // [hidden, 4 · hidden]
  readonly b: Parameter; // [4 · hidden]
  readonly V: Parameter; // [hidden, characters]
  readonly d: Parameter; // [characters]

  constructor(characters: number, hidden: number, random: RandomStream) {
    super();
    this.characters = characters;
    this.hidden = hidden;
    const bound = 1 / Math.sqrt(hidden);
    const drawn = (...shape: number[]): Parameter =>
      parameter(uniform(random.next(), shape, { low: -bound, high: bound, dtype: "float64" }));
    this.W = drawn(characters, 4 * hidden);
    this.U = drawn(hidden, 4 * hidden);
    this.b = drawn(4 * hidden);
    this.V = drawn(hidden, characters);
    this.d = drawn(characters);
  }

  /** The mean cross-entropy in nats, and every step on the way to it. */
  forward(input: Tensor, target: Tensor): { readonly loss: Tensor; readonly steps: readonly Step[] } {
    // both [batch, time] of int32
    const [batch, time] = input.shape as [number, number];
    const oneByOne = (tokens: Tensor): Tensor[] =>
      split(tokens, time).map((now) => cast(oneHot(squeeze(now, 1), this.characters), "float64"));
    const targets = oneByOne(target);
    const steps: Step[] = [];
    let c = zeros([batch, this.hidden], { dtype: "float64" });
    let h = c;
    for (const [t, x] of oneByOne(input).entries()) {
      const [ai, af, ag, ao] = split(add(add(matmul(x, this.W), matmul(h, this.U)), this.b), 4) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const [i, f, g, o] = [sigmoid(ai), sigmoid(af), tanh(ag), sigmoid(ao)];
      c = add(mul(f, c), mul(i, g));
      h = mul(o, tanh(c));
      steps.push({ x, target: targets[t]!, i, f, g, o, c, h, logits: add(matmul(h, this.V), this.d) });
    }
    /** ln p of each character. */
    const likelihoods = concat(steps.map((step) => sum(mul(step.target, logSoftmax(step.logits)), -1)));
    return { loss: mul(neg(sum(likelihoods)), 1 / (batch * time)), steps };
  }
}
