/**
 * What does a language model gain from going on with texts of a domain, and what does it forget?
 *
 * Gururangan et al. 2020, arXiv:2004.10964: domain-adaptive and task-adaptive pretraining, with a wrong domain as the
 * control. Remedies of forgetting: replay of general text (Robins 1995), and elastic weight consolidation (Kirkpatrick
 * et al. 2016, arXiv:1612.00796).
 */
import { add, compile, grad, mul, Optimizer } from "@ansatz/core";
import { asciiTokenizer, type TokenBatch } from "@ansatz/data";
import { evaluation, experiment } from "@ansatz/lab";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { ElasticWeightConsolidation } from "@ansatz/nn-consolidation";
import { adamw, clipByGlobalNorm, cosine, join, warmup } from "@ansatz/optim";
import { claims, type Figures } from "./claims.ts";
import { withReplay } from "./replay.ts";
import { accuracyOf } from "./spam-classifier.ts";
import { texts } from "./texts.ts";

export default experiment({
  question: "What does a language model gain from going on with texts of a domain, and what does it forget?",
  paper: "Gururangan et al. 2020, arXiv:2004.10964; Kirkpatrick et al. 2016, arXiv:1612.00796",
  settings: {
    goOnWith: {
      default: "domain",
      description: "the texts of the second phase: mails, Moby Dick, or more of the general ones",
      choices: ["domain", "wrongDomain", "general"],
    },
    replay: { default: 0, description: "share of general sequences in the second phase", least: 0, most: 1 },
    consolidation: { default: 0, description: "λ of elastic weight consolidation", least: 0 },
    generalSteps: { default: 1_200, description: "updates on general texts; 0 with --from", whole: true, least: 0 },
    domainSteps: { default: 400, description: "updates of the second phase", whole: true, least: 1 },
    taskSteps: { default: 0, description: "updates on the mails of the task, without labels", whole: true, least: 0 },
    labels: { default: 64, description: "labelled mails to learn from, half of them spam", whole: true, least: 2 },
    judged: { default: 1_024, description: "unseen mails to judge by", whole: true, least: 2 },
    learningRate: { default: 4e-3, description: "of AdamW in the first phase: its peak", least: 0 },
    adaptedRate: { default: 2e-3, description: "its peak in the later phases", least: 0 },
    width: { default: 64, description: "features of each position", whole: true, least: 1 },
    layers: { default: 2, description: "Transformer blocks", whole: true, least: 1 },
    heads: { default: 4, description: "attention heads", whole: true, least: 1 },
    context: { default: 128, description: "the length of each sequence", unit: "characters", whole: true, least: 2 },
    batch: { default: 12, description: "sequences a step", whole: true, least: 1 },
    validationBatches: { default: 40, description: "batches to validate on", whole: true, least: 1 },
  },
  quick: {
    generalSteps: 30,
    domainSteps: 20,
    width: 16,
    layers: 1,
    heads: 2,
    context: 32,
    batch: 8,
    labels: 32,
    judged: 64,
    validationBatches: 4,
  },
  baselines: {
    generalForLonger: { goOnWith: "general" },
    wrongDomain: { goOnWith: "wrongDomain" },
    task: { goOnWith: "general", domainSteps: 350, taskSteps: 50 },
    domainAndTask: { domainSteps: 350, taskSteps: 50 },
    replay: { replay: 0.25 },
    consolidation: { consolidation: 1e3 },
  },
  tune: { setting: "adaptedRate", values: [1e-3, 2e-3, 4e-3], lowest: "domainLoss" },
  seeds: 5,

  async run({ settings, random, steps, log, interrupt }): Promise<Figures> {
    const { generalSteps, domainSteps, taskSteps, batch, learningRate, adaptedRate } = settings;
    const text = texts(settings);
    const second = text[settings.goOnWith as "general"].training;
    const [order, replayed] = [random.next(), random.next()]; // which windows each step reads
    const model = new TransformerLM({ ...settings, vocabularySize: asciiTokenizer.vocabularySize, random });
    const consolidation = new ElasticWeightConsolidation(model);
    const phases = [generalSteps, domainSteps, taskSteps];
    const lengths = phases.filter((count) => count > 0);
    const ends = lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b));
    const schedules = lengths.map((count, i) => {
      const [peak, warm] = [i === 0 && generalSteps > 0 ? learningRate : adaptedRate, Math.ceil(count / 20)];
      return warmup(warm, cosine(peak, Math.max(1, count - warm)));
    });
    const optimizer = new Optimizer(model, adamw, {
      learningRate: join(schedules, ends.slice(0, -1)),
      beta2: 0.95,
      weightDecay: 0.1,
    });

    const lossOf = ({ input, target }: TokenBatch) => crossEntropy(model.forward(input), target);
    const train = compile((data: TokenBatch) => {
      const loss = lossOf(data);
      const held =
        settings.consolidation === 0 ? loss : add(loss, mul(settings.consolidation, consolidation.penalty()));
      optimizer.update(clipByGlobalNorm(grad(held, model.parameters()), 1));
      return loss;
    });
    const evaluate = evaluation(model, (data: TokenBatch) => ({ loss: lossOf(data) }));
    const losses = async () => {
      const [domain, general] = [text.domain, text.general].map(({ validation }) => validation.inOrder(batch));
      const options = { most: settings.validationBatches, beforeBatch: () => interrupt.check() };
      return {
        domainLoss: (await evaluate(domain!, options)).loss,
        generalLoss: (await evaluate(general!, options)).loss,
      };
    };
    const batchOf = (step: number): TokenBatch => {
      if (step <= generalSteps) return text.general.training.random(order, step, batch);
      if (step > generalSteps + domainSteps) return text.task.random(order, step, batch);
      return withReplay(second, text.general.training, { step, batch, share: settings.replay, order, replayed });
    };

    let before = { domainLoss: NaN, generalLoss: NaN };
    const atStart = { stateDict: () => before, loadStateDict: (saved: typeof before) => void (before = { ...saved }) };
    for await (const step of steps(ends.at(-1)!, { model, optimizer, consolidation, atStart })) {
      if (step === generalSteps + 1) {
        before = await losses();
        if (settings.consolidation > 0)
          await consolidation.consolidate(
            Array.from({ length: 200 }, (_, i) => text.general.training.random(replayed, i, 1)),
            lossOf,
          );
      }
      await log({ loss: await train(batchOf(step)), ...(step === generalSteps + 1 && before) });
    }

    const after = await losses();
    await log(after);
    const accuracy = await accuracyOf(model, {
      ...text,
      epochs: 10,
      learningRate: 1e-3,
      random,
      beforeStep: () => interrupt.check(),
    });
    return {
      ...after,
      gained: before.domainLoss - after.domainLoss,
      forgotten: after.generalLoss - before.generalLoss,
      accuracy,
    };
  },

  claims,
});
