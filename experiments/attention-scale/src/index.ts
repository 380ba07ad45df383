/**
 * Why are the logits of attention divided by √d_k?
 *
 * Vaswani et al. 2017, arXiv:1706.03762, Section 3.2.1: "for large values of d_k, the dot products grow large in
 * magnitude, pushing the softmax function into regions where it has extremely small gradients". A step is a width: 1,
 * 2, … d_k. The README derives what to expect.
 */
import { compile, tensor, type Tensor } from "@ansatz/core";
import { experiment, type Claim } from "@ansatz/lab";
import { measure } from "./measure.ts";

export default experiment({
  question: "Why are the logits of attention divided by √d_k?",
  paper: "Vaswani et al. 2017, arXiv:1706.03762",
  backend: "cpu",
  step: "d_k",
  settings: {
    scaled: { default: true, description: "whether the logits are divided by √d_k" },
    largestWidth: { default: 512, description: "the largest d_k", whole: true, least: 4 },
    queries: { default: 128, description: "queries at each width", whole: true, least: 2 },
    keys: { default: 64, description: "keys that each query looks at", whole: true, least: 2 },
  },
  quick: { largestWidth: 32, queries: 32, keys: 16 },
  baselines: { unscaled: { scaled: false } },
  seeds: 10,

  async run({ settings, random, steps, log }) {
    const { keys, largestWidth } = settings;
    const measured = compile((width: Tensor, scale: Tensor) => ({ ...measure(random, settings, width, scale) }));
    const at = (width: number) =>
      measured(tensor(width, { dtype: "int32" }), tensor(settings.scaled ? 1 / Math.sqrt(width) : 1));
    for await (const width of steps(largestWidth, {})) await log(await at(width));

    const [narrow, middle, wide] = [await at(4), await at(Math.min(64, largestWidth)), await at(largestWidth)];
    return {
      variancePerFeature: (await wide.logitVariance.item()) * (settings.scaled ? 1 : 1 / largestWidth),
      entropyOffset: (await wide.entropy.item()) - (Math.log(keys) - 1 / 2), // from that of logits of variance 1
      largestWeight: await wide.largestWeight.item(),
      logitGradientAt4: await narrow.logitGradient.item(),
      logitGradientAt64: await middle.logitGradient.item(),
      logitGradient: await wide.logitGradient.item(),
      queryGradientAt64: await middle.queryGradient.item(),
      queryGradient: await wide.queryGradient.item(),
    };
  },

  claims: [
    {
      claim: "unscaled, the variance of the logits is d_k",
      value: (_result, { unscaled }) => unscaled!.variancePerFeature,
      atLeast: 0.9,
      atMost: 1.1,
      paper: "Section 3.2.1, footnote 4: per d_k",
      reported: 1,
    },
    { claim: "scaled, it is 1", value: (result) => result.variancePerFeature, atLeast: 0.9, atMost: 1.1 },
    {
      claim: "scaled, the entropy of the softmax is ln(keys) − 1/2",
      value: (result) => result.entropyOffset,
      atLeast: -0.1,
      atMost: 0.1,
    },
    {
      claim: "unscaled, at d_k = 512 a query looks at hardly more than one key",
      value: (_result, { unscaled }) => unscaled!.largestWeight,
      atLeast: 0.8,
    },
    ...["logitGradient", "queryGradient"].flatMap((figure) => [
      unscaledOverScaled(figure, "At64", "at the d_k of the paper, 64,", { lessThan: -1 }),
      unscaledOverScaled(figure, "", "at d_k = 512", { lessThan: -1 }),
    ]),
    unscaledOverScaled("logitGradient", "At4", "at d_k = 4", { atLeast: -0.3, atMost: 0.3 }),
  ],
});

/** A claim of log₁₀ of the unscaled gradient over the scaled one. */
function unscaledOverScaled(figure: string, suffix: string, where: string, bounds: Partial<Claim>): Claim {
  const of = figure === "logitGradient" ? "the logits" : "the query";
  const what =
    bounds.lessThan === undefined ? "as large as scaled, within a factor of 2" : "less than a tenth of scaled";
  return {
    claim: `unscaled, ${where} the gradient of ${of} is ${what}: log₁₀`,
    value: (result, { unscaled }) => Math.log10(unscaled![figure + suffix]! / result[figure + suffix]!),
    paper: "Section 3.2.1",
    ...bounds,
  };
}
