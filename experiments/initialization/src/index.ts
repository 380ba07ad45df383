/**
 * What keeps signal and gradient alive through a hundred layers?
 *
 * Initialisers: Glorot & Bengio 2010; He, Zhang, Ren & Sun 2015, arXiv:1502.01852. Residuals: He et al. 2015,
 * arXiv:1512.03385; normalization inside them: Xiong et al. 2020, arXiv:2002.04745. A step is a layer; each figure is
 * log₁₀ of a size, so that 0 is as it should be.
 */
import { experiment } from "@ansatz/lab";
import { type initializers, profiles } from "./stack.ts";

export default experiment({
  question: "What keeps signal and gradient alive through a hundred layers?",
  paper: "Glorot & Bengio 2010; He et al. 2015, arXiv:1502.01852",
  backend: "cpu",
  step: "layer",
  settings: {
    initializer: {
      default: "kaiming",
      description: "how the weights are drawn",
      choices: ["small", "fanIn", "xavier", "kaiming", "orthogonal"],
    },
    normalization: { default: false, description: "whether each layer reads its input through layer normalization" },
    residual: { default: false, description: "whether each layer's output is added to its input" },
    layers: { default: 100, description: "how many layers are stacked", whole: true, least: 2 },
    width: { default: 128, description: "features of each layer", whole: true, least: 2 },
    batch: { default: 8, description: "inputs that go through at once", whole: true, least: 1 },
  },
  quick: { layers: 20, width: 32, batch: 4 },
  baselines: {
    small: { initializer: "small" },
    fanIn: { initializer: "fanIn" },
    xavier: { initializer: "xavier" },
    orthogonal: { initializer: "orthogonal" },
    normalized: { normalization: true },
    residual: { residual: true },
    both: { normalization: true, residual: true },
  },
  seeds: 5,

  async run({ settings, random, steps, log }) {
    const { sigmoid, tanh, relu, gelu } = await profiles(random, {
      ...settings,
      initializer: settings.initializer as keyof typeof initializers,
    });
    const at = (layer: number) => ({
      sigmoidSignal: sigmoid.signal[layer - 1]!,
      tanhSignal: tanh.signal[layer - 1]!,
      reluSignal: relu.signal[layer - 1]!,
      geluSignal: gelu.signal[layer - 1]!,
    });
    const below = (layer: number) => ({
      sigmoidGradient: sigmoid.gradient[layer - 1]!,
      tanhGradient: tanh.gradient[layer - 1]!,
      reluGradient: relu.gradient[layer - 1]!,
      geluGradient: gelu.gradient[layer - 1]!,
    });
    for await (const layer of steps(settings.layers, {})) await log({ ...at(layer), ...below(layer) });
    return { ...at(settings.layers), ...below(1) }; // the signal at the top and the gradient at the bottom
  },

  claims: [
    {
      claim: "weights of 0.01 let nothing through: the signal of ReLU at the top",
      value: (_result, { small }) => small!.reluSignal,
      atMost: -10,
    },
    {
      claim: "Xavier's lose half the variance at each ReLU",
      value: (_result, { xavier }) => xavier!.reluSignal,
      atLeast: -16.5,
      atMost: -13.5,
      paper: "He et al. 2015, Section 2.2: (1/√2)^100",
      reported: -15.05,
    },
    {
      claim: "Kaiming's keep the signal of ReLU",
      value: (result) => result.reluSignal,
      atLeast: -1.5,
      atMost: 1.5,
      paper: "He et al. 2015, Section 2.2",
      reported: 0,
    },
    {
      claim: "and its gradient",
      value: (result) => result.reluGradient,
      atLeast: -1.5,
      atMost: 1.5,
      paper: "He et al. 2015, Section 2.2",
      reported: 0,
    },
    {
      claim: "Xavier's keep the gradient of tanh within a factor of 100",
      value: (_result, { xavier }) => xavier!.tanhGradient,
      atLeast: -2,
      atMost: 2,
      paper: "Glorot & Bengio 2010",
    },
    {
      claim: "no initialiser saves the gradient of sigmoid",
      value: (result, { small, fanIn, xavier, orthogonal }) =>
        Math.max(...[result, small!, fanIn!, xavier!, orthogonal!].map((one) => one.sigmoidGradient)),
      atMost: -10,
      paper: "Glorot & Bengio 2010",
    },
    {
      claim: "residuals alone make the signal of ReLU explode",
      value: (_result, { residual }) => residual!.reluSignal,
      atLeast: 5,
    },
    {
      claim: "with normalisation and residuals every activation's gradient stays within a factor of 100",
      value: (_result, { both }) =>
        Math.max(...[both!.sigmoidGradient, both!.tanhGradient, both!.reluGradient, both!.geluGradient].map(Math.abs)),
      atMost: 2,
      paper: "Xiong et al. 2020",
    },
  ],
});
