/**
 * Who and when: are questions on real texts answered better with passages found by words or by vectors?
 *
 * An open-domain reader as in Chen et al. 2017, arXiv:1704.00051: passages are found for a question, and the answer is
 * a span of one of them. The vectors are learned from the questions and by inverse cloze (Karpukhin et al. 2020,
 * arXiv:2004.04906; Lee et al. 2019, arXiv:1906.00300). The questions are made by a rule from Moby Dick and addresses.
 */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { add, compile, grad, integers, Optimizer, reshape, type Tensor } from "@ansatz/core";
import { lance } from "@ansatz/data-lancedb";
import { inMemory } from "@ansatz/data-retrieval";
import { experiment, writeJson } from "@ansatz/lab";
import { crossEntropy } from "@ansatz/nn";
import { inBatchNegatives } from "@ansatz/nn-retrieval";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { searchOver, type Search } from "./answering.ts";
import { figuresOf } from "./figures.ts";
import { readingOf } from "./reading-of.ts";
import { SpanReader, type Reading } from "./span-reader.ts";
import { texts } from "./texts.ts";
import { trainingOf, withGold } from "./training.ts";
import { WordEncoders } from "./word-encoders.ts";
import { Vocabulary } from "./words.ts";

export default experiment({
  question: "Are questions on real texts answered better with passages found by words or by vectors?",
  paper: "Chen et al. 2017, arXiv:1704.00051; Karpukhin et al. 2020, arXiv:2004.04906",
  settings: {
    retriever: { default: "words", description: "BM25, or vectors that are learned", choices: ["words", "vectors"] },
    database: {
      default: "memory",
      description: "where the passages are kept: in memory, or on disk",
      choices: ["memory", "lancedb"],
    },
    addresses: { default: 20, description: "the newest State of the Union addresses", whole: true, least: 1 },
    passage: { default: 60, description: "words of a passage", whole: true, least: 10 },
    passages: { default: 4, description: "passages to read for a question", whole: true, least: 1 },
    leastCount: { default: 5, description: "how often a word must occur, or it is unknown", whole: true, least: 1 },
    width: { default: 64, description: "features of each word", whole: true, least: 4 },
    layers: { default: 2, description: "blocks of the reader", whole: true, least: 1 },
    batch: { default: 16, description: "questions a step", whole: true, least: 1 },
    pairs: { default: 128, description: "questions and passages a step of the vectors", whole: true, least: 2 },
    vectorSteps: { default: 600, description: "updates of the vectors", whole: true, least: 2 },
    steps: { default: 800, description: "updates of the reader", whole: true, least: 2 },
    learningRate: { default: 3e-3, description: "of AdamW: its peak, between warm-up and cosine", least: 0 },
    judged: { default: 400, description: "unseen questions", whole: true, least: 1 },
  },
  quick: { addresses: 1, width: 16, layers: 1, batch: 8, pairs: 32, vectorSteps: 20, steps: 20, judged: 40 },
  baselines: { vectors: { retriever: "vectors" } },
  tune: { setting: "learningRate", values: [1e-3, 3e-3, 6e-3], highest: "overlap" },

  async run({ settings, random, steps, log, folder }) {
    const { retriever, width, layers, batch, passages: k } = settings;
    const passages = texts({ words: settings.passage, addresses: settings.addresses });
    const vocabulary = Vocabulary.of(passages, settings.leastCount);
    const lengths = { question: 24, passage: Math.ceil(1.2 * settings.passage) };
    const parts = { vocabularySize: vocabulary.size, width, random };
    const [reader, encoders] = [new SpanReader({ ...parts, layers }), new WordEncoders(parts)];
    // what `ask` needs beside the checkpoint
    await writeJson(folder, "reader.json", { words: vocabulary.words, width, layers, lengths, passages: k });

    const { asking, pairing, unseen } = trainingOf(passages, {
      batch,
      pairs: settings.pairs,
      most: lengths.passage,
      random,
    });
    const optimizerOf = (model: SpanReader | WordEncoders, count: number, peak: number) => {
      const rising = Math.ceil(count / 10);
      return new Optimizer(model, adamw, {
        learningRate: warmup(rising, cosine(peak, count - rising)),
        weightDecay: 0.01,
      });
    };
    const vectorSteps = retriever === "vectors" ? settings.vectorSteps : 0;
    const finding = optimizerOf(encoders, settings.vectorSteps, 1e-2);
    const reading = optimizerOf(reader, settings.steps, settings.learningRate);
    const find = compile((queries: Tensor, found: Tensor) => {
      const loss = inBatchNegatives(encoders.forward("questions", queries), encoders.forward("passages", found));
      finding.update(clipByGlobalNorm(grad(loss, encoders.parameters()), 1));
      return loss;
    });
    const read = compile((pairs: Reading, firsts: Tensor, lasts: Tensor) => {
      const scores = reader.forward(pairs, lengths.question); // softmax over the words of all passages
      const end = (i: number) => reshape(scores.slice([null, null, [i, i + 1]]), [batch, -1]);
      const loss = add(crossEntropy(end(0), firsts), crossEntropy(end(1), lasts));
      reading.update(clipByGlobalNorm(grad(loss, reader.parameters()), 1));
      return loss;
    });

    const database = settings.database === "memory" ? inMemory() : lance(mkdtempSync(join(folder, "index-")));
    const search = () =>
      searchOver(passages, database, k, retriever === "vectors" ? { model: encoders, vocabulary, lengths } : undefined);
    let searching: Search | undefined;
    const changing = { reader, encoders, finding, reading, asking, pairing };
    for await (const step of steps(vectorSteps + settings.steps, changing)) {
      if (step <= vectorSteps) {
        const pairs = await pairing.next();
        const queries = pairs.map(({ query }) => query);
        const found = pairs.map(({ passage }) => passage);
        const numbers = [vocabulary.tensorOf(queries, lengths.question), vocabulary.tensorOf(found, lengths.passage)];
        await log({ finding: await find(numbers[0]!, numbers[1]!) });
        continue;
      }
      searching ??= await search();
      const questions = await asking.next();
      const rows = withGold(questions, await searching(questions.map(({ text }) => text)), k);
      const pairs = questions.flatMap(({ text }, i) => rows[i]!.texts.map((passage) => ({ question: text, passage })));
      const places = (end: "first" | "last") =>
        integers(questions.map((question, i) => rows[i]!.gold * lengths.passage + question[end]));
      await log({ loss: await read(readingOf(pairs, vocabulary, lengths), places("first"), places("last")) });
    }
    reader.eval();
    return figuresOf(reader, unseen.slice(0, settings.judged), {
      vocabulary,
      lengths,
      search: searching ?? (await search()),
    });
  },

  claims: [
    {
      claim:
        "the reader finds more answers than the rule that takes the first name or date which isn't in the question",
      value: (result) => result.exact - result.exactByRule,
      moreThan: 0,
    },
    {
      claim: "words find the passage more often than vectors",
      value: (result, { vectors }) => result.found - vectors!.found,
      moreThan: 0,
    },
    {
      claim: "and more answers are right with them",
      value: (result, { vectors }) => result.exact - vectors!.exact,
      moreThan: 0,
    },
    {
      claim: "in nine of ten questions, words find the passage among four",
      value: (result) => result.found,
      atLeast: 0.9,
      unvarying: "neither the questions nor BM25 depend on the seed",
    },
  ],
});
