/**
 * Does a model that looks facts up answer more questions than one of equal size that learned them by heart?
 *
 * The retriever is trained by the answers alone, with the loss of RAG-Sequence: Lewis et al. 2020, arXiv:2005.11401. It
 * is warmed up by inverse cloze (Lee et al. 2019, arXiv:1906.00300), and its index is refreshed during training (Guu et
 * al. 2020, arXiv:2002.08909).
 */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { add, compile, grad, notEqual, Optimizer, type Module, type Tensor } from "@ansatz/core";
import { lance } from "@ansatz/data-lancedb";
import { inMemory } from "@ansatz/data-retrieval";
import { experiment } from "@ansatz/lab";
import { inBatchNegatives, ragSequence } from "@ansatz/nn-retrieval";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { Answerer, type Found } from "./answerer.ts";
import { batchOf, type Search } from "./batch-of.ts";
import { claims } from "./claims.ts";
import { facts, sizes, tensorOf } from "./facts.ts";
import { figuresOf } from "./figures.ts";
import { lists } from "./lists.ts";
import { Retriever } from "./retriever.ts";

/**
 * Sums of word vectors can use a higher learning rate than a Transformer, which learns to copy at 0.001 and hardly at
 * 0.006.
 */
const isOfRetriever = (name: string) => name.startsWith("encoders");

export default experiment({
  question: "Does a model that looks facts up answer more questions than one of equal size that learned them by heart?",
  paper: "Lewis et al. 2020, arXiv:2005.11401; Guu et al. 2020, arXiv:2002.08909",
  settings: {
    retriever: {
      default: "learned",
      description: "what finds passages: trained by the answers, warmed up only, at random, by words, or nothing",
      choices: ["learned", "warm", "random", "words", "none"],
    },
    database: {
      default: "memory",
      description: "where the passages are kept: in memory, or on disk",
      choices: ["memory", "lancedb"],
    },
    persons: { default: 800, description: "each has six facts in three passages", whole: true, least: 4 },
    passages: { default: 2, description: "passages to read for a question", whole: true, least: 1 },
    width: { default: 64, description: "features of each word", whole: true, least: 4 },
    layers: { default: 2, description: "blocks of the reader", whole: true, least: 1 },
    batch: { default: 32, description: "questions a step", whole: true, least: 1 },
    warmSteps: { default: 700, description: "updates before, without questions", whole: true, least: 2 },
    steps: { default: 800, description: "updates by questions", whole: true, least: 2 },
    refresh: { default: 100, description: "steps from one refresh of the index to the next", whole: true, least: 1 },
    learningRate: { default: 1e-3, description: "the reader's, of AdamW: its peak, before a cosine", least: 0 },
    warmRate: { default: 6e-3, description: "the retriever's while it is warmed up", least: 0 },
    retrieverRate: { default: 2e-3, description: "the retriever's after that", least: 0 },
    judged: { default: 600, description: "facts to judge by, of those asked and of the others", whole: true, least: 1 },
  },
  quick: {
    persons: 40,
    width: 16,
    layers: 1,
    batch: 16,
    warmSteps: 60,
    steps: 30,
    learningRate: 1e-2,
    refresh: 10,
    judged: 40,
  },
  baselines: {
    closedBook: { retriever: "none", width: 80 },
    closedBookLonger: { retriever: "none", width: 80, steps: 4_000 },
    warm: { retriever: "warm" },
    random: { retriever: "random" },
    words: { retriever: "words" },
  },
  tune: { setting: "learningRate", values: [5e-4, 1e-3, 2e-3], highest: "asked" },

  async run({ settings, random, steps, log, folder }) {
    const { retriever, persons, width, layers, batch, warmSteps, passages: k } = settings;
    const world = random.next();
    const known = facts(world, { persons });
    const [trained, dense] = [retriever === "learned", retriever !== "words" && retriever !== "none"];
    const model = new Answerer({ width, layers, encoders: dense, random });
    const { encoders } = model;
    const [warmer, learner] = [retriever === "random" ? model.reader : model, trained ? model : model.reader];

    const { asking, stating } = lists(known, { batch, random });
    const rate = (peak: number, count: number) => {
      const rising = Math.ceil(count / 10);
      return warmup(rising, cosine(peak, count - rising));
    };
    const optimizerOf = (trainee: Module, count: number, retrieverRate: number) =>
      new Optimizer(trainee, adamw, {
        learningRate: rate(settings.learningRate, count),
        groups: [{ where: isOfRetriever, learningRate: rate(retrieverRate, count) }],
      });
    const warming = optimizerOf(warmer, warmSteps, settings.warmRate);
    const learning = optimizerOf(learner, settings.steps, settings.retrieverRate);
    const readerLoss = (retrieval: Tensor, found: Found, answers: Tensor) =>
      ragSequence(retrieval, model.tokens(found, answers), { mask: notEqual(answers, 0) });

    const warm = compile((found: Found, answers: Tensor, queries: Tensor, passages: Tensor) => {
      const reading = readerLoss(found.scores, found, answers);
      const finding =
        retriever !== "random" &&
        encoders &&
        inBatchNegatives(encoders.questions.forward(queries), encoders.passages.forward(passages));
      warming.update(clipByGlobalNorm(grad(finding ? add(reading, finding) : reading, warmer.parameters()), 1));
      return { reading, ...(finding && { finding }) };
    });
    const train = compile((found: Found, answers: Tensor) => {
      const loss = readerLoss(model.retrieval(found, trained), found, answers);
      learning.update(clipByGlobalNorm(grad(loss, learner.parameters()), 1));
      return loss;
    });

    const finder = new Retriever(model, {
      passages: known.passages,
      k: retriever === "none" ? 0 : k,
      refresh: trained ? settings.refresh : undefined,
      width,
      random,
      database: () => (settings.database === "memory" ? inMemory() : lance(mkdtempSync(join(folder, "index-")))),
    });
    const parts = { model, warming, learning, asking, stating, ...finder.parts };
    for await (const step of steps(warmSteps + settings.steps, parts)) {
      if (step <= warmSteps) {
        const texts = await stating.next();
        const own: Search = async () => texts.map(({ passage }) => [{ id: "", text: passage, score: 0 }]);
        const { found, answers } = await batchOf(texts, retriever === "none" ? undefined : own, 1);
        const [queries, rests] = (["query", "passage"] as const).map((part) =>
          tensorOf(
            texts.map(({ cloze }) => cloze[part]),
            sizes.passage,
          ),
        );
        await log(await warm(found, answers, queries!, rests!));
        continue;
      }
      const search = await finder.at(step - warmSteps);
      const texts = [...(await asking.next()), ...(retriever === "none" ? await stating.next() : [])];
      const { found, answers } = await batchOf(texts, search, k);
      await log({ loss: await train(found, answers) });
    }
    await finder.close();
    return figuresOf(model, {
      known,
      swapped: facts(world, { persons, swapped: true }),
      over: (passages) => finder.over(passages),
      count: settings.judged,
      trained,
      k,
      size: batch,
    });
  },

  claims,
});
