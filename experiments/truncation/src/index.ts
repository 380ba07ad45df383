/**
 * How far back must gradients go, and what does it cost?
 *
 * Truncated backpropagation through time: Williams & Peng 1990; in language models Mikolov et al. 2011. An LSTM reads
 * Moby Dick in streams. All windows see the same characters in the same order, and make the same updates.
 */
import { compile, grad, Optimizer } from "@ansatz/core";
import { CharacterTokenizer, mobyDick, type TokenBatch } from "@ansatz/data";
import { evaluation, experiment } from "@ansatz/lab";
import { crossEntropy } from "@ansatz/nn";
import { adam, clipByGlobalNorm, cosine } from "@ansatz/optim";
import { claims, type Figures } from "./claims.ts";
import { costOf } from "./cost.ts";
import { Reader } from "./reader.ts";
import { Streams } from "./streams.ts";

export default experiment({
  question: "How far back must gradients go, and what does it cost?",
  paper: "Williams & Peng 1990; Mikolov et al. 2011",
  backend: "onnx",
  settings: {
    window: {
      default: 64,
      description: "steps that gradients go back; they must divide a piece",
      whole: true,
      least: 1,
    },
    carried: { default: true, description: "whether the state is carried from window to window" },
    piece: { default: 64, description: "characters of each stream between updates", whole: true, least: 1 },
    streams: { default: 8, description: "streams of text, read side by side", whole: true, least: 1 },
    width: { default: 96, description: "features of the LSTM", whole: true, least: 1 },
    steps: { default: 600, description: "updates", whole: true, least: 1 },
    learningRate: { default: 1e-2, description: "of Adam: its peak, from which it falls along a cosine", least: 0 },
    validationPieces: { default: 60, description: "pieces of unseen text", whole: true, least: 1 },
    costStreams: { default: 64, description: "streams with which the cost is measured", whole: true, least: 1 },
    costWidth: { default: 256, description: "features with which the cost is measured", whole: true, least: 1 },
  },
  quick: { window: 4, piece: 16, streams: 4, width: 16, steps: 30, validationPieces: 4, costStreams: 2, costWidth: 8 },
  baselines: {
    ...Object.fromEntries([1, 2, 4, 8, 16, 32].map((window) => [`window${window}`, { window }])),
    notCarried16: { window: 16, carried: false },
  },
  tune: { setting: "learningRate", values: [5e-3, 1e-2, 2e-2], lowest: "loss" },
  seeds: 4,
  figures: [{ x: "window", y: ["loss", "additionalMiB", "microsecondsPerCharacter"], logarithmic: true }],

  async run({ settings, random, steps, log }): Promise<Figures> {
    const { window, piece, streams, seed } = settings;
    const tokenizer = new CharacterTokenizer(mobyDick());
    const tokens = tokenizer.encode(mobyDick());
    const first = Math.floor(0.9 * tokens.length);
    const training = new Streams(tokens.subarray(0, first), streams, piece);
    const validation = new Streams(tokens.subarray(first), streams, piece);
    const reader = new Reader({ ...settings, layers: 1, vocabularySize: tokenizer.vocabularySize, random });
    const optimizer = new Optimizer(reader, adam, { learningRate: cosine(settings.learningRate, settings.steps) });
    const lossOf = ({ input, target }: TokenBatch) => crossEntropy(reader.forward(input), target);

    const train = compile((batch: TokenBatch) => {
      const loss = lossOf(batch);
      optimizer.update(clipByGlobalNorm(grad(loss, reader.parameters()), 1));
      return loss;
    });
    for await (const step of steps(settings.steps, { reader, optimizer }))
      await log({ loss: await train(training.at(step - 1)) });

    reader.restart();
    const pieces = Array.from({ length: Math.min(settings.validationPieces, validation.count) }, (_, i) => i);
    const { loss } = await evaluation(reader, (batch: TokenBatch) => ({ loss: lossOf(batch) }))(
      pieces.map((index) => validation.at(index)),
    );
    const cost = { streams: settings.costStreams, width: settings.costWidth, seed };
    const [own, least] = [await costOf({ ...cost, window }), await costOf({ ...cost, window: 1 })];
    return {
      loss,
      additionalMiB: own.peakMiB - least.peakMiB,
      microsecondsPerCharacter: own.microsecondsPerCharacter,
    };
  },

  claims,
});
