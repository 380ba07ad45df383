/**
 * Why are the logits of attention divided by √d_k?
 *
 * Vaswani et al. 2017, arXiv:1706.03762, Section 3.2.1: "for large values of d_k, the dot products grow large in
 * magnitude, pushing the softmax function into regions where it has extremely small gradients". A step is a width: 1,
 * 2, … d_k. The README derives what to expect.
 */
import { compile, tensor, type Tensor } from "@ansatz/core";
import { experiment } from "@ansatz/lab";
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

  async run({ settings, random, steps, log }) {
    const { keys, largestWidth } = settings;
    const measured = compile((width: Tensor, scale: Tensor) => ({ ...measure(random, settings, width, scale) }));
    const at = (width: number) =>
      measured(tensor(width, { dtype: "int32" }), tensor(settings.scaled ? 1 / Math.sqrt(width) : 1));
    for await (const width of steps(largestWidth, {})) await log(await at(width));

    const [narrow, wide] = [await at(4), await at(largestWidth)];
    return {
      variancePerFeature: (await wide.logitVariance.item()) * (settings.scaled ? 1 : 1 / largestWidth),
      entropy: await wide.entropy.item(),
      entropyExpected: Math.log(keys) - 1 / 2, // of logits of variance 1
      largestWeight: await wide.largestWeight.item(),
      logitGradient: await wide.logitGradient.item(),
      queryGradient: await wide.queryGradient.item(),
      logitGradientAtFour: await narrow.logitGradient.item(),
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
      value: (result) => Math.abs(result.entropy - result.entropyExpected),
      atMost: 0.1,
    },
    {
      claim: "unscaled, a query looks at hardly more than one key",
      value: (_result, { unscaled }) => unscaled!.largestWeight,
      atLeast: 0.8,
    },
    {
      claim: "unscaled, the gradient of the logits is less than a tenth",
      value: (result, { unscaled }) => unscaled!.logitGradient / result.logitGradient,
      atMost: 0.1,
      paper: "Section 3.2.1",
    },
    {
      claim: "so is that of the query",
      value: (result, { unscaled }) => unscaled!.queryGradient / result.queryGradient,
      atMost: 0.1,
    },
    {
      claim: "at d_k = 4 scaling changes little",
      value: (result, { unscaled }) => unscaled!.logitGradientAtFour / result.logitGradientAtFour,
      atLeast: 0.5,
      atMost: 2,
      paper: "Section 3.2.1",
    },
  ],
});
