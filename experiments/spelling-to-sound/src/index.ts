/**
 * Does attention pronounce words better than one fixed vector, and long ones most of all?
 *
 * Bahdanau, Cho & Bengio 2014, arXiv:1409.0473, of translation. What it is compared with: Cho et al. 2014,
 * arXiv:1406.1078, and Vaswani et al. 2017, arXiv:1706.03762. Of letters and phonemes: Yao & Zweig 2015,
 * arXiv:1506.00196; Toshniwal & Livescu 2016, arXiv:1610.06540; Yolchuyeva, Németh & Gyires-Tóth 2019,
 * arXiv:2004.06338. A step is a number of letters, so that the curves show errors by the length of the word.
 */
import { ArgumentError, compile, grad, Optimizer } from "@ansatz/core";
import { DataLoader, type BatchOf } from "@ansatz/data";
import { evaluation, experiment, writeText } from "@ansatz/lab";
import { crossEntropy } from "@ansatz/nn";
import { adam, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { alignments, drawn, shareForward } from "./alignment.ts";
import { claims, type Figures } from "./claims.ts";
import { errorsOf, judged, spoken, spokenByRule } from "./judged.ts";
import { kinds, RecurrentSpeller, spellerOf } from "./speller.ts";
import { columnsOf, dictionary, ignored, parts, wordOf } from "./words.ts";

export default experiment({
  question: "Does attention pronounce words better than one fixed vector, and long ones most of all?",
  paper:
    "Bahdanau, Cho & Bengio 2014, arXiv:1409.0473; Cho et al. 2014, arXiv:1406.1078; " +
    "Toshniwal & Livescu 2016, arXiv:1610.06540; Yolchuyeva et al. 2019, arXiv:2004.06338",
  step: "letters in the word",
  settings: {
    speller: { default: "attention", description: "how the letters reach the phonemes", choices: Object.keys(kinds) },
    parameters: { default: 138_500, description: "the most that the model may have", whole: true, least: 1 },
    shortest: { default: 3, description: "letters of the shortest word", whole: true, least: 1 },
    longest: { default: 14, description: "letters and phonemes of the longest", whole: true, least: 1 },
    batch: { default: 64, description: "words a step", whole: true, least: 1 },
    steps: { default: 4_000, description: "updates", whole: true, least: 2 },
    learningRate: { default: 3e-3, description: "of Adam: its peak, between warm-up and cosine", least: 0 },
    unseen: { default: 4_096, description: "words to judge by", whole: true, least: 4 },
    validation: { default: 1_024, description: "words to choose the learning rate by", whole: true, least: 1 },
  },
  quick: { parameters: 20_000, longest: 8, batch: 32, steps: 100, unseen: 256, validation: 256 },
  baselines: { fixedVector: { speller: "fixed vector" }, transformer: { speller: "transformer" } },
  tune: { setting: "learningRate", values: [1e-3, 3e-3, 1e-2], lowest: "validationLoss" },

  async run({ settings, random, steps, log, sample, folder, interrupt }): Promise<Figures> {
    const { shortest, longest, batch } = settings;
    if (shortest > longest)
      throw new ArgumentError(`shortest is ${shortest} but longest is ${longest}\n  use a shortest of at most longest`);
    const { words, phonemes } = dictionary(settings);
    const { unseen, validation, training } = await parts(words, random.next(), settings);
    const sizes = { letters: 27, phonemes: phonemes.length + 1 };
    const model = spellerOf(settings.speller, sizes, settings.parameters, random);
    const warm = Math.ceil(settings.steps / 20);
    const learningRate = warmup(warm, cosine(settings.learningRate, settings.steps - warm));
    const optimizer = new Optimizer(model, adam, { learningRate });
    const loader = new DataLoader(columnsOf(training, longest), {
      batchSize: batch,
      shuffle: random.next(),
      dropLast: true,
    });
    const lossOf = ({ letters, said, lengths, next }: BatchOf<typeof loader>) =>
      crossEntropy(model.forward(letters, said, lengths), next, { ignoredIndex: ignored });

    const train = compile((some: BatchOf<typeof loader>) => {
      const loss = lossOf(some);
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
      return loss;
    });
    for (let step = 1; step <= settings.steps; step++) {
      interrupt.check();
      await train(await loader.next());
    }

    const held = new DataLoader(columnsOf(validation, longest), { batchSize: validation.length });
    const { loss } = await evaluation(model, (some: BatchOf<typeof held>) => ({ loss: lossOf(some) }))(held);
    model.eval();
    const all = await spoken(model, unseen, longest);
    for await (const length of steps(longest, { model, optimizer, loader })) {
      const own = all.filter(({ word }) => word.letters.length === length);
      if (own.length > 0) await log({ ...errorsOf(own) });
    }
    for (const { word, said } of all.slice(0, 10))
      sample(`${wordOf(word.letters)}  ${said.map((token) => phonemes[token - 1]!).join(" ")}`);

    const errors = judged(all);
    const found =
      model instanceof RecurrentSpeller && model.network.attention !== undefined
        ? await alignments(model, all, longest)
        : undefined;
    if (found !== undefined) await writeText(folder, "alignment.svg", await drawn(all, found, phonemes));
    return {
      validationLoss: loss,
      ...errors.all,
      phonemeErrorRateShort: errors.short.phonemeErrorRate,
      phonemeErrorRateLong: errors.long.phonemeErrorRate,
      wordAccuracyShort: errors.short.wordAccuracy,
      wordAccuracyLong: errors.long.wordAccuracy,
      phonemeErrorRateByRule: errorsOf(spokenByRule(training, unseen)).phonemeErrorRate,
      ...(found !== undefined && { forward: shareForward(found) }),
    };
  },

  claims,
});
