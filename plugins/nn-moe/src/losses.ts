import { logSumExp, mean, mul, square, stopGradient, sum, type Tensor } from "@ansatz/core";

/**
 * The balancing loss of the Switch Transformer: N Σᵢ fᵢ Pᵢ over N experts, where fᵢ is the share of assignments that
 * chose expert i, through which no gradient flows, and Pᵢ its mean probability. It is 1 if all experts are chosen
 * alike. Fedus, Zoph & Shazeer 2021, arXiv:2101.03961, equation 4.
 *
 * load [experts] and probabilities [tokens, experts] give [].
 *
 * @example balancingLoss(tensor([0.5, 0.5]), tensor([[0.9, 0.1], [0.1, 0.9]]))  // 1
 */
export function balancingLoss(load: Tensor, probabilities: Tensor): Tensor {
  return mul(load.size, sum(mul(stopGradient(load), mean(probabilities, 0))));
}

/**
 * The router's z-loss: the mean of (log Σⱼ e^hⱼ)² over the tokens, which keeps logits h small. Zoph et al. 2022,
 * arXiv:2202.08906, equation 5.
 *
 * logits [tokens, experts] give [].
 *
 * @example routerZLoss(tensor([[0, 0]]))  // 0.4805
 */
export function routerZLoss(logits: Tensor): Tensor {
  return mean(square(logSumExp(logits, -1)));
}
