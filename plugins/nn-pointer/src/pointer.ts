import { broadcastTo, concat, matmul, Module, parameter, softmax, uniform, where } from "@ansatz/core";
import type { Parameter, RandomStream, Tensor } from "@ansatz/core";
import type { Tree } from "@ansatz/core/plugin";
import { AdditiveAttention } from "@ansatz/nn";
import { checkWhole } from "./check-whole.ts";

export interface ChoiceOptions {
  /** Whether the end is one more choice, after the last place. */
  readonly ends: boolean;
  readonly glimpses: number;
  readonly random: RandomStream;
}

/** The layer that scores the choices at each step: what a pointer network accepts as its `choice`. */
export interface ChoiceLayer extends Module {
  /** What is computed once for all steps, from the states of the encoder [batch, places, hidden]. */
  keys(states: Tensor): Tree;
  /**
   * States of the decoder [batch, queries, hidden] give scores [batch, queries, choices]. `valid` has their shape, and
   * is true where a choice counts.
   */
  scores(queries: Tensor, keys: Tree, valid: Tensor): Tensor;
}

/** Makes a layer that scores choices. */
export type ChoiceFactory = (hidden: number, options: ChoiceOptions) => ChoiceLayer;

/** So low where a choice isn't valid that softmax gives 0, but finite: if none is valid, nothing becomes NaN. */
export function masked(scores: Tensor, valid: Tensor): Tensor {
  return where(valid, scores, -1e30);
}

/** Points at places and, if outputs end, at one more state that is learned. `PointerNetwork` has the equations. */
export class Pointer extends Module implements ChoiceLayer {
  readonly glimpses: number;
  readonly pointer: AdditiveAttention; // its scores are u
  readonly glimpse: AdditiveAttention | undefined;
  readonly end: Parameter | undefined; // the state to point at to end the output  [hidden]

  constructor(hidden: number, { ends, glimpses, random }: ChoiceOptions) {
    super();
    checkWhole("PointerNetwork", { glimpses }, 0);
    const bound = 1 / Math.sqrt(hidden);
    this.glimpses = glimpses;
    this.pointer = new AdditiveAttention(hidden, hidden, hidden, { random });
    this.glimpse = glimpses === 0 ? undefined : new AdditiveAttention(hidden, hidden, hidden, { random });
    this.end = ends ? parameter(uniform(random.next(), [hidden], { low: -bound, high: bound })) : undefined;
  }

  keys(encoded: Tensor): readonly Tensor[] {
    const [batch, , hidden] = encoded.shape as [number, number, number];
    const states = this.end === undefined ? encoded : concat([encoded, broadcastTo(this.end, [batch, 1, hidden])], 1);
    return [states, this.pointer.key.forward(states), ...(this.glimpse ? [this.glimpse.key.forward(states)] : [])];
  }

  scores(queries: Tensor, keys: readonly Tensor[], valid: Tensor): Tensor {
    const [states, pointed, glimpsed] = keys as [Tensor, Tensor, Tensor];
    let d = queries;
    for (let i = 0; i < this.glimpses; i++)
      d = matmul(softmax(masked(this.glimpse!.scores(d, glimpsed), valid)), states);
    return this.pointer.scores(d, pointed);
  }
}
