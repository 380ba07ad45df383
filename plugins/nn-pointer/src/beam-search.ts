import {
  add,
  and,
  any,
  dynamicUpdateSlice,
  equal,
  expandDims,
  full,
  gather,
  greater,
  integers,
  iota,
} from "@ansatz/core";
import { logSoftmax, mul, notEqual, reshape, scan, topK, where, type Tensor } from "@ansatz/core";
import { mapTree, toTensor } from "@ansatz/core/plugin";
import type { LSTMState } from "@ansatz/nn";

/** Outputs, best first, with the logarithms of their probabilities in nats. */
export interface Hypotheses {
  readonly places: Tensor; // [batch, beams, steps] of int32, −1 after the end
  readonly logProbabilities: Tensor; // [batch, beams]
}

interface Sizes {
  readonly batch: number;
  readonly beams: number;
  readonly steps: number;
  readonly choices: number;
  /** The choice that ends an output. */
  readonly end: number | undefined;
}

/** One step of all beams: scores and valid choices [batch, beams, choices], and the next state. */
interface Step {
  readonly scores: Tensor;
  readonly valid: Tensor;
  readonly state: LSTMState;
}

/**
 * Beam search as one `scan`. An output is closed once it ends, or once nothing is valid; it then has one continuation,
 * −1, which costs nothing.
 *
 * `step` gets the state, each part [1, batch · beams, features], the latest choice [batch, beams], and all choices so
 * far, [batch, beams, steps]. −1 stands for none.
 */
export function beamSearch(
  { batch, beams, steps, choices, end }: Sizes,
  start: LSTMState,
  step: (state: LSTMState, latest: Tensor, said: Tensor) => Step,
): Hypotheses {
  const whole = { dtype: "int32" } as const;
  const rowOf = integers(Array.from({ length: batch * beams }, (_, i) => Math.floor(i / beams)));
  const beamOf = integers(Array.from({ length: beams * choices }, (_, i) => Math.floor(i / choices)));
  const choiceOf = integers(Array.from({ length: beams * choices }, (_, i) => i % choices));
  const alone = (count: number) =>
    where(equal(iota(count), 0), full([count], 0, { dtype: start.hidden.dtype }), -Infinity);
  const init = {
    said: full([batch, beams, steps], -1, whole),
    latest: full([batch, beams], -1, whole),
    open: full([batch, beams], 1, { dtype: "bool" }),
    total: add(full([batch, 1], 0, { dtype: start.hidden.dtype }), alone(beams)), // all begin alike, so one counts
    state: mapTree(start, (x) => gather(x, rowOf, 1)),
  };
  const [last] = scan(
    ({ said, latest, open, total, state }, number) => {
      const { scores, valid, state: next } = step(state, latest, said);
      const speaks = expandDims(and(open, any(valid, 2)), 2);
      const own = where(speaks, where(valid, logSoftmax(scores), -Infinity), alone(choices));
      const grown = topK(reshape(add(expandDims(total, 2), own), [batch, beams * choices]), beams);
      const parents = add(gather(beamOf, grown.indices), reshape(mul(iota(batch), beams), [batch, 1]));
      const ofParents = (x: Tensor): Tensor => gather(reshape(x, [batch * beams, ...x.shape.slice(2)]), parents);
      const spoke = and(ofParents(reshape(speaks, [batch, beams])), greater(grown.values, -Infinity));
      const chosen = where(spoke, gather(choiceOf, grown.indices), -1);
      const carry = {
        said: dynamicUpdateSlice(ofParents(said), expandDims(chosen, 2), [0, 0, number as Tensor]),
        latest: chosen,
        open: end === undefined ? spoke : and(spoke, notEqual(chosen, end)),
        total: grown.values,
        state: mapTree(next, (x) => gather(toTensor(x), reshape(parents, [batch * beams]), 1)),
      };
      return [carry, []];
    },
    init,
    iota(steps),
  );
  const found = greater(expandDims(last.total, 2), -Infinity);
  return { places: where(found, last.said, -1), logProbabilities: last.total };
}
