/**
 * A language model learns one domain after another: what is left of the first ones?
 *
 * Kirkpatrick et al. 2016, arXiv:1612.00796: elastic weight consolidation. Robins 1995: replay of earlier texts.
 */
import { add, compile, concat, grad, mul, Optimizer } from "@ansatz/core";
import { asciiTokenizer, type TokenBatch } from "@ansatz/data";
import { evaluation, experiment, writeText } from "@ansatz/lab";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { ElasticWeightConsolidation } from "@ansatz/nn-consolidation";
import { adamw, clipByGlobalNorm, cosine, join, warmup } from "@ansatz/optim";
import { claims } from "./claims.ts";
import { domainsOf } from "./domains.ts";
import { figuresOf, pictureOf, type Figures, type Matrix } from "./matrix.ts";

export default experiment({
  question: "A language model learns one domain after another: what is left of the first ones?",
  paper: "Kirkpatrick et al. 2016, arXiv:1612.00796; Robins 1995",
  settings: {
    order: {
      default: "inTurn",
      description: "one domain after the other, or all in each batch",
      choices: ["inTurn", "mixed"],
    },
    replay: { default: 0, description: "share of sequences of earlier domains", least: 0, most: 1 },
    consolidation: { default: 0, description: "λ of elastic weight consolidation", least: 0 },
    examples: { default: 200, description: "sequences of a domain to measure importance on", whole: true, least: 1 },
    stepsEach: { default: 400, description: "updates for each domain", whole: true, least: 1 },
    learningRate: { default: 2e-3, description: "of AdamW: its peak for each domain", least: 0 },
    width: { default: 64, description: "features of each position", whole: true, least: 1 },
    layers: { default: 2, description: "Transformer blocks", whole: true, least: 1 },
    heads: { default: 4, description: "attention heads", whole: true, least: 1 },
    context: { default: 128, description: "the length of each sequence", unit: "characters", whole: true, least: 2 },
    batch: { default: 12, description: "sequences a step", whole: true, least: 4 },
    validationBatches: { default: 40, description: "batches to judge each domain by", whole: true, least: 1 },
  },
  quick: {
    stepsEach: 25,
    learningRate: 1e-2,
    width: 16,
    layers: 1,
    heads: 2,
    context: 32,
    batch: 8,
    validationBatches: 4,
    examples: 20,
  },
  baselines: {
    mixed: { order: "mixed" },
    replay: { replay: 0.25 },
    consolidation: { consolidation: 1e3 },
  },
  tune: { setting: "learningRate", values: [1e-3, 2e-3, 4e-3], lowest: "meanLoss" },
  seeds: 5,

  async run({ settings, random, steps, log, folder, interrupt }): Promise<Figures> {
    const { stepsEach, batch, learningRate, examples } = settings;
    const domains = domainsOf(settings.context);
    const [order, replayed] = [random.next(), random.next()]; // which windows each step reads
    const model = new TransformerLM({ ...settings, vocabularySize: asciiTokenizer.vocabularySize, random });
    const consolidation = new ElasticWeightConsolidation(model);
    const warm = Math.ceil(stepsEach / 20);
    const schedule = warmup(warm, cosine(learningRate, Math.max(1, stepsEach - warm)));
    const optimizer = new Optimizer(model, adamw, {
      learningRate: join(
        domains.map(() => schedule),
        domains.slice(1).map((_, i) => (i + 1) * stepsEach),
      ),
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
    /** The sequences of a step: some of each domain in `from`, which take turns, and the others of its own domain. */
    const batchOf = (step: number, own: number): TokenBatch => {
      const from = settings.order === "mixed" ? domains : domains.slice(0, own);
      const share = settings.order === "mixed" ? 1 : settings.replay;
      const old = from.length === 0 ? 0 : Math.round(share * batch);
      const counts = from.map((_, i) => Math.floor((old + ((i + step) % from.length)) / from.length));
      const parts = from.map(({ training }, i) => training.random(replayed.fold(i), step, counts[i]!));
      return joined(old === batch ? parts : [domains[own]!.training.random(order, step, batch - old), ...parts]);
    };

    let matrix: Matrix = [];
    const losses = {
      stateDict: () => ({ matrix }),
      loadStateDict: (saved: { matrix: Matrix }) => void (matrix = saved.matrix),
    };
    for await (const step of steps(domains.length * stepsEach, { model, optimizer, consolidation, losses })) {
      const own = Math.floor((step - 1) / stepsEach);
      await log({ loss: await train(batchOf(step, own)) });
      if (step % stepsEach > 0) continue;
      const row: number[] = [];
      for (const { validation } of domains) {
        const options = { most: settings.validationBatches, beforeBatch: () => interrupt.check() };
        row.push((await evaluate(validation.inOrder(batch), options)).loss);
      }
      matrix = [...matrix, row];
      const { training } = domains[own]!;
      const taken = Array.from({ length: examples }, (_, i) => training.random(replayed, i, 1));
      if (settings.consolidation > 0) await consolidation.consolidate(taken, lossOf);
    }
    await writeText(folder, "matrix.svg", await pictureOf(matrix));
    return figuresOf(matrix);
  },

  claims,
});

function joined(parts: readonly TokenBatch[]): TokenBatch {
  const kept = parts.filter(({ input }) => input.shape[0]! > 0);
  const [input, target] = (["input", "target"] as const).map((side) => concat(kept.map((part) => part[side])));
  return { input: input!, target: target! };
}
