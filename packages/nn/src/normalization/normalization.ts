import { chosen } from "../chosen.ts";
import type { UnaryLayer } from "../layers/unary-layer.ts";
import { made } from "../made.ts";
import { LayerNorm, type LayerNormOptions } from "./layer-norm.ts";
import { RMSNorm } from "./rms-norm.ts";

/** Makes a normalization of the features. The options hold what the model was given. */
export type NormalizationFactory = (width: number, options: LayerNormOptions) => UnaryLayer;

/** The normalization of a Transformer. */
export type Normalization = "layer" | "rootMeanSquare" | NormalizationFactory;

const factories: Readonly<Record<"layer" | "rootMeanSquare", NormalizationFactory>> = {
  layer: (width, options) => new LayerNorm(width, options),
  rootMeanSquare: (width, { epsilon }) => new RMSNorm(width, epsilon === undefined ? {} : { epsilon }),
};

/** Makes one normalization of a Transformer. */
export function normalizationOf(
  width: number,
  options: LayerNormOptions & { readonly normalization?: Normalization },
): UnaryLayer {
  const { normalization = "layer", epsilon, bias } = options;
  const make = typeof normalization === "string" ? chosen("normalization", normalization, factories) : normalization;
  const given = { ...(epsilon !== undefined && { epsilon }), ...(bias !== undefined && { bias }) };
  return made("normalization", make, width, given);
}
