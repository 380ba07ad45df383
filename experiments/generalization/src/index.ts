/**
 * Which regularisers and augmentations help a model to generalise from few examples?
 *
 * L2: Krogh & Hertz 1991. Dropout: Srivastava et al. 2014. Early stopping: Prechelt 1998. Label smoothing: Szegedy et
 * al. 2015, arXiv:1512.00567. MixUp: Zhang et al. 2017, arXiv:1710.09412. Random crop: Krizhevsky et al. 2012. Token
 * masking: Devlin et al. 2018, arXiv:1810.04805. Back-translation as augmentation: Yu et al. 2018, arXiv:1804.09541.
 */
import {
  add,
  argmax,
  cast,
  compile,
  equal,
  grad,
  logSoftmax,
  mean,
  mul,
  neg,
  Optimizer,
  sum,
  type Tensor,
} from "@ansatz/core";
import { DataLoader, type Dataset } from "@ansatz/data";
import { CheckpointAverage, EarlyStopping, evaluation, experiment, type Claim } from "@ansatz/lab";
import { l2Penalty } from "@ansatz/nn";
import { adam } from "@ansatz/optim";
import { paraphrase, trainedTranslators } from "./back-translation.ts";
import type { Labelled } from "./sentences.ts";
import { digitTask, sentenceTask } from "./tasks.ts";

const regularisers = {
  l2: "L2",
  dropout: "dropout",
  earlyStopping: "early stopping",
  labelSmoothing: "label smoothing",
} as const;
const digits = { task: "digits", examples: 500 } as const;

type Found = {
  readonly testAccuracy: number;
  readonly testLoss: number;
  readonly translationAccuracy?: number;
  readonly meaningKept?: number;
};

export default experiment({
  question: "Which regularisers and augmentations help a model to generalise from few examples?",
  paper: "Srivastava et al. 2014; Zhang et al. 2017, arXiv:1710.09412; Yu et al. 2018, arXiv:1804.09541",
  settings: {
    task: {
      default: "sentences",
      description: "what is learned: whether sentences are good, or which digit an image shows",
      choices: ["sentences", "digits"],
    },
    technique: {
      default: "none",
      description: "the technique to use",
      choices: [
        "none",
        ...Object.keys(regularisers),
        "tokenMasking",
        "wordVectors",
        "backTranslation",
        "mixUp",
        "randomCrop",
      ],
    },
    examples: { default: 200, description: "examples to learn from", whole: true, least: 10, most: 10_000 },
    batch: { default: 50, description: "examples a step", whole: true, least: 2 },
    steps: { default: 1_200, description: "updates", whole: true, least: 1 },
    learningRate: { default: 1e-3, description: "of Adam", least: 0 },
    validationEvery: { default: 50, description: "steps between validations", whole: true, least: 1 },
    patience: {
      default: 5,
      description: "validations without gain after which early stopping stops",
      whole: true,
      least: 1,
    },
    parallelSentences: {
      default: 3_000,
      description: "sentences in both languages, which translators learn from",
      whole: true,
      least: 10,
    },
    translatorUpdates: { default: 1_000, description: "updates of each translator", whole: true, least: 1 },
    paraphrases: { default: 10, description: "translations there and back of each sentence", whole: true, least: 1 },
  },
  quick: {
    examples: 50,
    batch: 10,
    steps: 30,
    validationEvery: 10,
    parallelSentences: 100,
    translatorUpdates: 3,
    paraphrases: 2,
  },
  baselines: {
    ...Object.fromEntries(
      [...Object.keys(regularisers), "tokenMasking", "wordVectors", "backTranslation"].map((technique) => [
        technique,
        { technique },
      ]),
    ),
    digits,
    mixUp: { ...digits, technique: "mixUp" },
    randomCrop: { ...digits, technique: "randomCrop" },
  },
  seeds: 5,

  async run({ settings, random, steps, log, print, interrupt }): Promise<Found> {
    const { task: name, technique, batch } = settings;
    let translated = {};
    const paraphrased = async (first: Int32Array): Promise<Int32Array> => {
      const found = await paraphrase(first, { settings, random, print, interrupt });
      translated = { translationAccuracy: found.translationAccuracy, meaningKept: found.meaningKept };
      return found.others;
    };
    const wordVectors = async () =>
      (await trainedTranslators({ settings, random, print, interrupt })).toSecond.sourceEmbedding.weight.read();
    const { model, training, validation, test } = await (name === "digits" ? digitTask : sentenceTask)({
      ...settings,
      random,
      paraphrased,
      wordVectors,
    });
    const loader = new DataLoader(training, {
      batchSize: Math.min(batch, training.length),
      shuffle: random.next(),
      dropLast: true,
    });
    const optimizer = new Optimizer(model, adam, { learningRate: settings.learningRate });
    const [stopping, best] = [
      new EarlyStopping({ patience: technique === "earlyStopping" ? settings.patience : settings.steps }),
      new CheckpointAverage(model, { last: 1 }),
    ];

    const lossOf = ({ input, target }: Labelled) => neg(mean(sum(mul(target, logSoftmax(model.forward(input))), -1)));
    const train = compile(({ input, target }: Labelled) => {
      const smoothed = technique === "labelSmoothing" ? add(mul(0.9, target), 0.1 / target.shape[1]!) : target;
      const penalty = technique === "l2" ? mul(1e-3, l2Penalty(model.parameters())) : 0;
      const loss = add(lossOf({ input, target: smoothed }), penalty);
      optimizer.update(grad(loss, model.parameters()));
      return loss;
    });
    const evaluate = evaluation(model, (labelled: Labelled) => ({
      loss: lossOf(labelled),
      accuracy: accuracyOf(model.forward(labelled.input), labelled.target),
    }));
    const over = (dataset: Dataset<Labelled>) =>
      evaluate(new DataLoader(dataset, { batchSize: Math.min(1_000, dataset.length) }));

    for await (const step of steps(settings.steps, { model, optimizer, loader, stopping, best })) {
      await log({ loss: await train(await loader.next()) });
      if (step % settings.validationEvery !== 0) continue;
      const validated = await over(validation);
      await log({ validationLoss: validated.loss, validationAccuracy: validated.accuracy });
      if (stopping.observe(validated.loss) && technique === "earlyStopping") await best.add();
    }
    if (best.count > 0) await best.apply();
    const tested = await over(test);
    return { testAccuracy: tested.accuracy, testLoss: tested.loss, ...translated };
  },

  claims: [
    ...Object.entries(regularisers).map(([name, words]) => gain(name, words)),
    gain("tokenMasking", "token masking"),
    gain("wordVectors", "an embedding from a translator"),
    gain("backTranslation", "back-translation", "Yu et al. 2018, Section 3"),
    {
      claim: "sentences: back-translation gains on an embedding from the same translators",
      value: (_result, { backTranslation, wordVectors }) => backTranslation!.testAccuracy - wordVectors!.testAccuracy,
      moreThan: 0,
    },
    {
      claim: "its translators get 95 % of the words right",
      value: (_result, { backTranslation }) => backTranslation!.translationAccuracy!,
      atLeast: 0.95,
    },
    gain("mixUp", "MixUp", "Zhang et al. 2017", "digits"),
    gain("randomCrop", "random crop", "Krizhevsky et al. 2012", "digits"),
  ],
});

/** That a technique reads more of the test rightly than none does. */
function gain(technique: string, words: string, paper?: string, control?: string): Claim<Found> {
  const value = (result: Found, baselines: Readonly<Record<string, Found>>): number =>
    baselines[technique]!.testAccuracy - (control === undefined ? result : baselines[control]!).testAccuracy;
  return {
    claim: `${control ?? "sentences"}: ${words} helps`,
    value,
    moreThan: 0,
    ...(paper !== undefined && { paper }),
  };
}

function accuracyOf(logits: Tensor, target: Tensor): Tensor {
  return mean(cast(equal(argmax(logits), argmax(target)), "float32"));
}
