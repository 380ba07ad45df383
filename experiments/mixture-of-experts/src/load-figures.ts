import { add, log, max, mean, min, mul, neg, stack, sum, type Tensor } from "@ansatz/core";
import type { Routing } from "@ansatz/nn-moe";

/**
 * How evenly the tokens of a batch are spread over the experts, as a mean over the layers: the largest and the smallest
 * load in equal shares, the entropy of the loads in shares of its maximum, and the share of tokens that were dropped.
 */
export function loadFigures(routing: readonly Routing[]) {
  const loads = stack(routing.map(({ load }) => load)); // [layers, experts]
  const experts = loads.shape[1]!;
  const entropy: Tensor = neg(sum(mul(loads, log(add(loads, 1e-9))), 1));
  return {
    largestLoad: mul(mean(max(loads, 1)), experts),
    smallestLoad: mul(mean(min(loads, 1)), experts),
    loadEntropy: mul(mean(entropy), 1 / Math.log(experts)),
    dropped: mean(stack(routing.map((own) => own.dropped))),
  };
}
