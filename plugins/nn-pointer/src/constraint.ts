import { and, any, equal, greaterEqual, not, oneHot, sum, type Tensor } from "@ansatz/core";
import { checkWhole } from "./check-whole.ts";

/** Which choices are valid next, of bool. */
export interface Allowed {
  readonly places: Tensor; // [rows, places]
  /** Whether the output may end, [rows]; only a network with an end asks. Default: always. */
  readonly end?: Tensor;
}

/**
 * Says which choices may follow those made so far, for each row of a batch.
 *
 * `said` [rows, steps] of int32 are the places so far, with −1 at the steps to come. `exists` [rows, places] of bool is
 * false at padded places; these are never valid, whatever the constraint says. It does not matter what it says of an
 * output that has ended.
 */
export type Constraint = (said: Tensor, exists: Tensor) => Allowed;

/** How often each place was said. −1 and the end are no places. */
function times(said: Tensor, exists: Tensor): Tensor {
  return sum(oneHot(said, exists.shape[1]!), 1); // [rows, places]
}

/**
 * Each place exactly once: a permutation, or a tour. The output may end only once all places are said.
 *
 * @example const [said, exists] = [integers([[2, -1, -1]]), tensor([[true, true, true]])];
 * eachOnce(said, exists).places // [[true, true, false]]
 */
export const eachOnce: Constraint = (said, exists) => {
  const places = and(exists, equal(times(said, exists), 0));
  return { places, end: not(any(places, 1)) };
};

/**
 * Each place at most once: an ordered choice of places, as the corners of a hull. The output may end once it has
 * `least` places. Default: 0.
 *
 * @throws ArgumentError unless `least` is a whole number, 0 or more
 * @example atMostOnce({ least: 2 })(integers([[2, -1, -1]]), tensor([[true, true, true]])).end  // [false]
 */
export function atMostOnce({ least = 0 }: { readonly least?: number } = {}): Constraint {
  checkWhole("atMostOnce", { least }, 0);
  return (said, exists) => {
    const counts = times(said, exists);
    return { places: equal(counts, 0), end: greaterEqual(sum(counts, 1), least) };
  };
}
