/**
 * Does a network that hears the whole utterance recognise digits better than one that hears only the past?
 *
 * It is told what is said, and not where: Graves, Fernández, Gomez & Schmidhuber 2006 (connectionist temporal
 * classification). Both directions at equal parameters: Graves, Mohamed & Hinton 2013, arXiv:1303.5778. Each seed
 * leaves out another one of six speakers, by whom the network is judged.
 */
import { ArgumentError, compile, grad, Optimizer } from "@ansatz/core";
import { DataLoader, spokenDigits, type BatchOf } from "@ansatz/data";
import { evaluation, experiment, writeText } from "@ansatz/lab";
import { ctcLoss } from "@ansatz/nn";
import { adam, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { claims, type Figures } from "./claims.ts";
import { judged } from "./judged.ts";
import { listenerOf } from "./listener.ts";
import { pictureOf } from "./picture.ts";
import { errorOfTemplates } from "./templates.ts";
import { utterances } from "./utterances.ts";

/** The takes of each digit that its speaker's network never hears; the dataset's authors keep them for tests. */
const held = 5;

export default experiment({
  question: "Does a network that hears the whole utterance recognise digits better than one that hears only the past?",
  paper: "Graves, Fernández, Gomez & Schmidhuber 2006; Graves, Mohamed & Hinton 2013, arXiv:1303.5778",
  settings: {
    directions: { default: 2, description: "1 reads forwards, 2 also backwards", whole: true, least: 1, most: 2 },
    parameters: { default: 100_000, description: "the most that the model may have", whole: true, least: 1 },
    layers: { default: 1, description: "LSTM layers", whole: true, least: 1 },
    dropout: { default: 0, description: "probability of dropping an output between layers", least: 0, most: 1 },
    fewest: { default: 3, description: "digits in an utterance, at least", whole: true, least: 1 },
    most: { default: 6, description: "digits in an utterance, at most", whole: true, least: 1 },
    pause: { default: 0.2, description: "the longest pause, in seconds", least: 0 },
    seconds: { default: 4, description: "the length of all utterances", whole: true, least: 1 },
    utterances: { default: 2_000, description: "utterances to learn from", whole: true, least: 1 },
    unseen: { default: 200, description: "utterances to judge by", whole: true, least: 1 },
    templates: {
      default: 2,
      description: "recordings of each digit by each speaker that are templates",
      whole: true,
      least: 1,
    },
    beams: { default: 16, description: "prefixes that are followed at once", whole: true, least: 1 },
    batch: { default: 32, description: "utterances a step", whole: true, least: 1 },
    steps: { default: 400, description: "updates", whole: true, least: 2 },
    learningRate: { default: 3e-3, description: "of Adam: its peak, between warm-up and cosine", least: 0 },
  },
  quick: { parameters: 20_000, most: 3, seconds: 2, utterances: 100, unseen: 50, templates: 1, batch: 8, steps: 40 },
  baselines: { unidirectional: { directions: 1 } },
  variant: "bidirectional",
  tune: { setting: "learningRate", values: [1e-3, 3e-3, 1e-2], lowest: "validationLoss" },
  seeds: 6,

  async run({ settings, random, steps, log, folder }): Promise<Figures> {
    const { layers, dropout, batch, fewest, most } = settings;
    if (fewest > most)
      throw new ArgumentError(`fewest is ${fewest} but most is ${most}\n  use a fewest of at most most`);
    const digits = await spokenDigits();
    const speakers = [...new Set(digits.map(({ speaker }) => speaker))].sort();
    const stranger = speakers[(settings.seed + speakers.length - 1) % speakers.length]!;
    const known = digits.filter(({ speaker }) => speaker !== stranger);
    const drawn = (from: typeof digits, count: number) => utterances(from, random.next(), { ...settings, count });
    const training = await drawn(
      known.filter(({ take }) => take >= held),
      settings.utterances,
    );
    const validation = await drawn(
      known.filter(({ take }) => take < held),
      settings.unseen,
    );
    const unseen = await drawn(
      digits.filter(({ speaker }) => speaker === stranger),
      settings.unseen,
    );

    const bidirectional = settings.directions === 2;
    const model = listenerOf(settings.parameters, { bidirectional, layers, dropout, random });
    const warm = Math.ceil(settings.steps / 20);
    const learningRate = warmup(warm, cosine(settings.learningRate, settings.steps - warm));
    const optimizer = new Optimizer(model, adam, { learningRate });
    const loader = new DataLoader(training.columns, { batchSize: batch, shuffle: random.next(), dropLast: true });
    const lossOf = ({ sound, steps, labels, count }: BatchOf<typeof loader>) =>
      ctcLoss(model.forward(sound, steps), labels, { inputLengths: steps, targetLengths: count });

    const train = compile((some: BatchOf<typeof loader>) => {
      const loss = lossOf(some);
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
      return loss;
    });
    for await (const _step of steps(settings.steps, { model, optimizer, loader }))
      await log({ loss: await train(await loader.next()) });

    const { loss } = await evaluation(model, (some: BatchOf<typeof loader>) => ({ loss: lossOf(some) }))(
      new DataLoader(validation.columns, { batchSize: validation.columns.length }),
    );
    model.eval();
    const { figures, posteriors } = await judged(model, unseen, settings.beams);
    await writeText(folder, "posteriors.svg", await pictureOf(posteriors[0]!, unseen.places[0]!));
    const said = unseen.places.flat().map(({ digit }) => digit);
    const templates = known.filter(({ take }) => take >= held && take < held + settings.templates);
    return { validationLoss: loss, ...figures, errorOfTemplates: await errorOfTemplates(templates, said) };
  },

  claims,
});
