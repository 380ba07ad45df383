/**
 * Which activations leave units dead, and which serve a Transformer best?
 *
 * Maas, Hannun & Ng 2013: leaky ReLU. Hendrycks & Gimpel 2016, arXiv:1606.08415: GELU. Shazeer 2020, arXiv:2002.05202:
 * gated feed-forward layers. Dead units are counted in a perceptron that reads digits, at its best learning rate and at
 * ten and a hundred times that; the Transformer learns Moby Dick.
 */
import { experiment, type Result } from "@ansatz/lab";
import { activations } from "./activations.ts";
import { claims } from "./claims.ts";
import { digits } from "./digits.ts";
import { text } from "./text.ts";

/** Sizes of the Transformer. */
const ofText = { task: "text", width: 48, batch: 16, steps: 1_500 } as const;

export default experiment({
  question: "Which activations leave units dead, and which serve a Transformer best?",
  paper: "Maas, Hannun & Ng 2013; Hendrycks & Gimpel 2016, arXiv:1606.08415; Shazeer 2020, arXiv:2002.05202",
  settings: {
    task: {
      default: "digits",
      description: "a perceptron reads digits, or a Transformer text",
      choices: ["digits", "text"],
    },
    activation: {
      default: "relu",
      description: "of the hidden units; swiglu is of a Transformer alone",
      choices: Object.keys(activations),
    },
    bias: { default: 0, description: "the bias that hidden units of the perceptron start with" },
    width: {
      default: 96,
      description: "hidden units of the perceptron, features of the Transformer",
      whole: true,
      least: 12,
    },
    context: { default: 64, description: "the length of each text", unit: "characters", whole: true, least: 2 },
    batch: { default: 32, description: "images or texts a step", whole: true, least: 1 },
    steps: { default: 1_000, description: "updates", whole: true, least: 2 },
    learningRate: { default: 3e-3, description: "of Adam: its peak", least: 0 },
    countEvery: { default: 20, description: "steps between counts of dead units", whole: true, least: 1 },
    validationBatches: { default: 20, description: "batches of unseen images or texts", whole: true, least: 1 },
  },
  quick: { width: 12, context: 16, batch: 8, steps: 60, countEvery: 20, validationBatches: 2 },
  baselines: {
    negativeBias: { bias: -0.25 },
    leakyRelu: { activation: "leakyRelu" },
    gelu: { activation: "gelu" },
    silu: { activation: "silu" },
    textRelu: ofText,
    textGelu: { ...ofText, activation: "gelu" },
    textSilu: { ...ofText, activation: "silu" },
    textSwiglu: { ...ofText, activation: "swiglu" },
  },
  tune: { setting: "learningRate", values: [1e-3, 3e-3, 1e-2], lowest: "validationLoss" },
  seeds: 5,

  async run({ settings, random, steps, log }): Promise<Result> {
    const { parts, train, dead, validate } = { digits, text }[settings.task]({ ...settings, random });
    for await (const step of steps(settings.steps, parts)) {
      const counted = (step - 1) % settings.countEvery === 0 ? await dead() : {}; // before the update
      await log({ ...counted, [`${settings.task}Loss`]: await train(step) });
    }
    const last = Object.entries(await dead()).map(async ([name, share]) => [name, await share.item()] as const);
    return { ...Object.fromEntries(await Promise.all(last)), ...(await validate()) };
  },

  claims,
});
