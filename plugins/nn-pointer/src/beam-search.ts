import {
  add,
  and,
  any,
  broadcastTo,
  dynamicUpdateSlice,
  equal,
  expandDims,
  full,
  gather,
  greater,
  integers,
  iota,
  logSoftmax,
  mul,
  notEqual,
  reshape,
  scan,
  topK,
  where,
  type Tensor,
} from "@ansatz/core";
import { mapTree, type Tree } from "@ansatz/core/plugin";
import type { PlaceOptions } from "./place-decoder.ts";

export interface BeamSearchOptions extends PlaceOptions {
  /** How many outputs are followed at once. */
  readonly beams: number;
  /** How many choices are made at most. Default: one for each place, and one for the end if there is one. */
  readonly steps?: number;
}

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

/** One step of a decoder, for all beams at once. */
interface Step<State> {
  readonly scores: Tensor; // [batch, beams, choices]
  readonly valid: Tensor; // the same, of bool
  readonly state: State;
}

/**
 * Beam search as one `scan`. An output is closed once it ends, or once nothing is valid; it then has one continuation,
 * −1, which costs nothing.
 *
 * `start` [batch, features] is the decoder's state. `step` gets the state [batch, beams, features], the latest choice
 * [batch, beams], whether it is the first step, and what each beam has said, [batch, beams, steps].
 */
export function beamSearch<State extends Readonly<Record<string, Tensor>>>(
  { batch, beams, steps, choices, end }: Sizes,
  start: State,
  step: (state: State, latest: Tensor, isFirst: Tensor, said: Tensor) => Step<State>,
): Hypotheses {
  const wide = mapTree(start, (x) => broadcastTo(expandDims(x, 1), [batch, beams, x.shape[1]!])) as unknown as State;
  const { dtype } = Object.values(start)[0]!;
  // All beams begin alike, so only the first counts.
  const only = where(equal(iota(beams), 0), full([batch, beams], 0, { dtype }), -Infinity);
  const places = (count: number) =>
    Array.from({ length: beams * choices }, (_, i) => (count === 0 ? Math.floor(i / choices) : i % choices));
  const [beamOf, choiceOf] = [integers(places(0)), integers(places(1))];

  const init = {
    said: full([batch, beams, steps], -1, { dtype: "int32" }),
    latest: full([batch, beams], -1, { dtype: "int32" }),
    open: full([batch, beams], 1, { dtype: "bool" }),
    total: only,
    state: wide as Tree,
  };
  const [last] = scan(
    (carry, number) => {
      const { said, latest, open, total } = carry;
      const { scores, valid, state } = step(carry.state as unknown as State, latest, equal(number as Tensor, 0), said);
      const goesOn = expandDims(and(open, any(valid, 2)), 2);
      const closed = where(equal(iota(choices), 0), 0, -Infinity);
      const own = where(goesOn, where(valid, logSoftmax(scores), -Infinity), closed);
      const grown = topK(reshape(add(expandDims(total, 2), own), [batch, beams * choices]), beams);
      const parents = add(gather(beamOf, grown.indices), reshape(mul(iota(batch), beams), [batch, 1])); // [batch, beams]
      const ofParents = (x: Tensor): Tensor => gather(reshape(x, [batch * beams, ...x.shape.slice(2)]), parents);
      const speaks = and(ofParents(reshape(goesOn, [batch, beams])), greater(grown.values, -Infinity));
      const chosen = where(speaks, gather(choiceOf, grown.indices), -1);
      return [
        {
          said: dynamicUpdateSlice(ofParents(said), expandDims(chosen, 2), [0, 0, number as Tensor]),
          latest: chosen,
          open: end === undefined ? speaks : and(speaks, notEqual(chosen, end)),
          total: grown.values,
          state: mapTree(state as Tree, (x) => ofParents(x as Tensor)),
        },
        [],
      ];
    },
    init,
    iota(steps),
  );
  const found = greater(expandDims(last.total, 2), -Infinity);
  return { places: where(found, last.said, -1), logProbabilities: last.total };
}
