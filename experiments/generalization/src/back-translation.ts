import {
  cast,
  compile,
  concat,
  equal,
  full,
  grad,
  mean,
  Optimizer,
  realize,
  tensor,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import { backTranslated } from "@ansatz/data";
import { duration, type RunContext } from "@ansatz/lab";
import { AttentionSeq2Seq, crossEntropy } from "@ansatz/nn";
import { adamw, clipByGlobalNorm, cosine } from "@ansatz/optim";
import { embeddingWidth, language, meaningKept, sentences, words, type Sentences } from "./sentences.ts";

export interface TrainingOptions {
  /** Updates of each model. */
  readonly updates: number;
  readonly batch: number;
  /** Called before each update, counted over both models, to stop or to report progress. */
  readonly beforeUpdate?: (update: number) => void;
}

const { concepts, length } = language;
/** The direction of each model, and its start token: the first token after those of the language. */
const sides = {
  toSecond: { from: "first", to: "second", start: concepts },
  toFirst: { from: "second", to: "first", start: words },
} as const;

/**
 * A pair of models that translate between both languages. The way back is sampled, so that words differ: Edunov et al.
 * 2018, arXiv:1808.09381.
 */
export class Translators {
  readonly toSecond: AttentionSeq2Seq;
  readonly toFirst: AttentionSeq2Seq;
  readonly #random: RandomStream;

  constructor({ hidden, random }: { readonly hidden: number; readonly random: RandomStream }) {
    const sizes = { embedding: embeddingWidth, hidden, random };
    this.toSecond = new AttentionSeq2Seq({ sourceVocabulary: words + 1, targetVocabulary: concepts + 1, ...sizes });
    this.toFirst = new AttentionSeq2Seq({ sourceVocabulary: concepts + 1, targetVocabulary: words + 1, ...sizes });
    this.#random = random;
  }

  /** Trains both on sentences in both languages. */
  async train(parallel: Sentences, { updates, batch, beforeUpdate }: TrainingOptions): Promise<void> {
    for (const [turn, [name, { from, to, start }]] of Object.entries(sides).entries()) {
      const model = this[name as keyof typeof sides];
      const optimizer = new Optimizer(model, adamw, { learningRate: cosine(1e-2, updates) });
      const update = compile((source: Tensor, target: Tensor, shifted: Tensor) => {
        const loss = crossEntropy(model.forward(source, shifted), target);
        optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
        return loss;
      });
      for (let step = 0; step < updates; step++) {
        beforeUpdate?.(turn * updates + step);
        const [source, target] = [rows(parallel[from], step, batch), rows(parallel[to], step, batch)];
        await (
          await update(
            source,
            target,
            concat([full([batch, 1], start, { dtype: "int32" }), target.slice([null, [0, length - 1]])], 1),
          )
        ).item();
      }
    }
  }

  /** The share of words that are translated correctly into the second language. */
  async accuracy({ first, second }: Sentences): Promise<number> {
    const count = second.length / length;
    return mean(cast(equal(this.#there(rows(first, 0, count)), rows(second, 0, count)), "float32")).item();
  }

  /** Translates sentences there and back several times: the same meaning in other words. */
  async paraphrased(first: Int32Array, times = 1): Promise<Int32Array> {
    const back = async (second: Tensor) => {
      const words = this.toFirst.generate(second, { start: sides.toFirst.start, length, random: this.#random });
      await realize(words);
      return words;
    };
    const others = await backTranslated(rows(first, 0, first.length / length), (tokens) => this.#there(tokens), back, {
      times,
    });
    return others.data("int32");
  }

  #there(source: Tensor): Tensor {
    return this.toSecond.generate(source, { start: sides.toSecond.start, length });
  }
}

/** Batch number `step` of sentences in order, starting again after the last. */
function rows(tokens: Int32Array, step: number, batch: number): Tensor {
  const count = tokens.length / length;
  const from = (step * batch) % (count - batch + 1);
  return tensor(tokens.slice(from * length, (from + batch) * length), { shape: [batch, length] });
}

export interface TranslatorOptions extends Pick<RunContext<unknown>, "random" | "print" | "interrupt"> {
  readonly settings: {
    readonly parallelSentences: number;
    readonly translatorUpdates: number;
    readonly paraphrases: number;
  };
}

/** Paraphrased sentences, and how good the translators are. */
export interface Paraphrased {
  readonly others: Int32Array;
  /** The share of words that are right in the second language. */
  readonly translationAccuracy: number;
  /** The share of words that still mean the same after both translations. */
  readonly meaningKept: number;
}

/** Trains translators, showing their progress. */
export async function trainedTranslators(options: TranslatorOptions): Promise<Translators> {
  const { settings, random, print, interrupt } = options;
  const { parallelSentences, translatorUpdates: updates } = settings;
  const translators = new Translators({ hidden: 64, random });
  const started = performance.now();
  let said = started;
  const beforeUpdate = (update: number): void => {
    interrupt.check();
    const now = performance.now();
    if (now - said < 2_000) return;
    said = now;
    const left = duration(((now - started) / update) * (2 * updates - update));
    print(`translators, update ${update}/${2 * updates}  ${left} left`);
  };
  const pairs = await sentences(random, parallelSentences);
  await translators.train(pairs, { updates, batch: Math.min(64, parallelSentences), beforeUpdate });
  return translators;
}

/** Trains translators, and paraphrases every sentence several times. */
export async function paraphrase(first: Int32Array, options: TranslatorOptions): Promise<Paraphrased> {
  const translators = await trainedTranslators(options);
  const others = await translators.paraphrased(first, options.settings.paraphrases);
  return {
    others,
    translationAccuracy: await translators.accuracy(await sentences(options.random, 500)),
    meaningKept: meaningKept(
      others,
      others.map((_, i) => first[i % first.length]!),
    ),
  };
}
