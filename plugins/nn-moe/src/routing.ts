import { add, ArgumentError, mul, type Module, type Tensor } from "@ansatz/core";
import { MixtureOfExperts, type Routing } from "./mixture-of-experts.ts";

/**
 * How the latest forward pass of each mixture of experts in a model assigned tokens. Ask for it in the step that made
 * the pass, and return from a compiled step what you want to see.
 *
 * @throws ArgumentError for a model without a mixture of experts, or before its first forward pass
 * @example const layer = new MixtureOfExperts(4, { experts: 2 });
 * layer.forward(ones([3, 4]));
 * routingOf(layer)[0]!.load.shape // [2]
 */
export function routingOf(model: Module): readonly Routing[] {
  const layers = [...model.namedModules().values()].filter((own) => own instanceof MixtureOfExperts);
  if (layers.length === 0)
    throw new ArgumentError(
      "routingOf: the model has no mixture of experts\n  give it one: feedForward: mixtureOfExperts(…)",
    );
  return layers.map(({ routing }) => {
    if (routing === undefined)
      throw new ArgumentError("routingOf: the model has not been run\n  call its forward first, in the same step");
    return routing;
  });
}

/**
 * What to add to the loss of a model with experts: the sum over its mixtures of `balancing` times the balancing loss
 * plus `z` times the z-loss, of the latest forward pass. Default: 0.01 and 0.001, as in the papers.
 *
 * @throws ArgumentError for a model without a mixture of experts, or before its first forward pass
 * @example const model = new MixtureOfExperts(4, { experts: 2 });
 * model.forward(ones([3, 4]));
 * auxiliaryLoss(model).shape // []
 */
export function auxiliaryLoss(
  model: Module,
  options: { readonly balancing?: number; readonly z?: number } = {},
): Tensor {
  const { balancing = 0.01, z = 0.001 } = options;
  return routingOf(model)
    .map((own) => add(mul(balancing, own.balancingLoss), mul(z, own.zLoss)))
    .reduce((total, own) => add(total, own));
}
