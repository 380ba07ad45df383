/**
 * Which positions let a Transformer read sequences longer than those it was trained on?
 *
 * Press, Smith & Lewis 2021, arXiv:2108.12409. Sinusoids: Vaswani et al. 2017, arXiv:1706.03762. Rotary: Su et al.
 * 2021, arXiv:2104.09864. None at all: Haviv et al. 2022, arXiv:2203.16634. A step is a length of evaluation; all
 * lengths cut the same unseen text into windows without overlap.
 */
import { ArgumentError, compile, grad, Optimizer } from "@ansatz/core";
import { CharacterTokenizer, mobyDick, type TokenBatch, TokenWindows } from "@ansatz/data";
import { evaluation, experiment } from "@ansatz/lab";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { claims, type Figures } from "./claims.ts";
import { encodings } from "./positions.ts";

/** The lengths of evaluation, in shortest ones. */
const multiples = [1, 2, 2.5, 3, 4, 8, 16];
/** The shortest text that windows of every length fill without a rest, in the same unit. */
const stretch = 240;

export default experiment({
  question: "Which positions let a Transformer read sequences longer than those it was trained on?",
  paper: "Press, Smith & Lewis 2021, arXiv:2108.12409; Haviv et al. 2022, arXiv:2203.16634",
  step: "length in evaluation, in characters",
  settings: {
    positions: { default: "alibi", description: "how positions are told apart", choices: Object.keys(encodings) },
    trained: { default: 64, description: "the length in training", unit: "characters", whole: true, least: 1 },
    shortest: { default: 32, description: "the shortest length in evaluation", whole: true, least: 1 },
    characters: { default: 1_024, description: "characters of each step", whole: true, least: 1 },
    steps: { default: 1_500, description: "updates", whole: true, least: 2 },
    learningRate: { default: 4e-3, description: "of AdamW: its peak, between warm-up and cosine", least: 0 },
    width: { default: 64, description: "features of each position", whole: true, least: 2 },
    layers: { default: 2, description: "Transformer blocks", whole: true, least: 1 },
    heads: { default: 4, description: "attention heads; they must divide the width", whole: true, least: 1 },
    unseen: {
      default: 4,
      description: "stretches of unseen text, which windows of all lengths fill",
      whole: true,
      least: 1,
    },
  },
  quick: { trained: 16, shortest: 8, characters: 96, steps: 40, width: 16, layers: 1, heads: 2, unseen: 2 },
  baselines: {
    none: { positions: "none" },
    sinusoidal: { positions: "sinusoidal" },
    learned: { positions: "learned" },
    rotary: { positions: "rotary" },
    sinusoidalOfTwice: { positions: "sinusoidal", trained: 128 },
  },
  tune: { setting: "learningRate", values: [2e-3, 4e-3, 8e-3], lowest: "inside" },
  seeds: 5,

  async run({ settings, random, steps, log, interrupt }): Promise<Figures> {
    const { trained, shortest, characters, width, layers, heads } = settings;
    const lengths = multiples.map((multiple) => multiple * shortest);
    const longest = lengths.at(-1)!;
    if (![trained, 2 * trained, lengths[2]!].every((length) => Number.isInteger(length) && lengths.includes(length)))
      throw new ArgumentError(
        `positions: trained on ${trained} characters, but evaluated on ${lengths.join(", ")}\n` +
          "  choose an even shortest length, and a trained one that is 1, 2, 4 or 8 times as long",
      );
    const text = mobyDick();
    const tokenizer = new CharacterTokenizer(text);
    const [training, { tokens }] = TokenWindows.split(tokenizer.encode(text), trained, 0.9);
    const order = random.next(); // which windows each step reads
    const model = new TransformerLM({
      vocabularySize: tokenizer.vocabularySize,
      width,
      layers,
      heads,
      context: longest, // learned positions beyond the trained length stay as they were drawn
      positions: encodings[settings.positions]!,
      random,
    });
    const warmupSteps = Math.ceil(settings.steps / 10);
    const optimizer = new Optimizer(model, adamw, {
      learningRate: warmup(warmupSteps, cosine(settings.learningRate, settings.steps - warmupSteps)),
      beta2: 0.95,
      weightDecay: 0.1,
    });
    const lossOf = ({ input, target }: TokenBatch) => crossEntropy(model.forward(input), target);

    const train = compile((batch: TokenBatch) => {
      const loss = lossOf(batch);
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
      return loss;
    });
    for (let step = 1; step <= settings.steps; step++) {
      interrupt.check();
      await train(training.random(order, step, Math.ceil(characters / trained)));
    }

    const judged = tokens.subarray(0, settings.unseen * stretch * shortest + 1); // and the character that follows
    const losses = new Map<number, number>();
    for await (const length of steps(longest, { model, optimizer })) {
      if (!lengths.includes(length)) continue;
      const evaluate = evaluation(model, (batch: TokenBatch) => ({ loss: lossOf(batch) })); // a program for each length
      const { loss } = await evaluate(new TokenWindows(judged, length).inOrder((stretch * shortest) / length));
      losses.set(length, loss);
      await log({ loss });
    }
    const at = (length: number) => losses.get(length)!;
    return { inside: at(trained), twice: at(2 * trained), longest: at(longest) };
  },

  claims,
});
