import { ArgumentError, flatten, mean, oneHot, relu, type RandomStream, type Tensor } from "@ansatz/core";
import { mapped, maskTokens, mixUp, mnist, randomCrop, subset, type Dataset } from "@ansatz/data";
import { Dropout, Embedding, type Layer, Linear, Sequential } from "@ansatz/nn";
import { classified, embeddingWidth, sentences, words, type Labelled } from "./sentences.ts";

/** The examples of a task, and the model that learns it. */
export interface Task {
  readonly model: Sequential;
  readonly training: Dataset<Labelled>;
  readonly validation: Dataset<Labelled>;
  readonly test: Dataset<Labelled>;
}

export interface TaskOptions {
  readonly technique: string;
  readonly examples: number;
  readonly seed: number;
  readonly random: RandomStream;
  /** Paraphrases of the given sentences in their order, one or more rounds of them. */
  readonly paraphrased: (first: Int32Array) => Promise<Int32Array>;
  /** What translators have learned of the words of the first language: [words + 1, embeddingWidth]. */
  readonly wordVectors: () => Promise<Tensor>;
}

/** Whether a sentence is good: a mean of embeddings, and a hidden layer (Iyyer et al. 2015). */
export async function sentenceTask(options: TaskOptions): Promise<Task> {
  const { technique, examples, random, paraphrased, wordVectors } = options;
  if (technique === "mixUp" || technique === "randomCrop")
    throw new ArgumentError(`${technique} is for images, not for words\n  use --task digits, or another technique`);
  const [known, validation, test] = [
    await sentences(random, examples),
    await sentences(random, 500),
    await sentences(random, 5_000),
  ];
  const drop = technique === "dropout" ? [new Dropout(0.5, { random })] : [];
  const embedding = new Embedding(words + 1, embeddingWidth, { random });
  const model = new Sequential(
    embedding,
    (x) => mean(x, 1),
    ...drop,
    new Linear(embeddingWidth, 64, { random }),
    relu,
    ...drop,
    new Linear(64, 2, { random }),
  );
  if (technique === "wordVectors") embedding.weight.assign(await wordVectors());
  const others = technique === "backTranslation" ? await paraphrased(known.first) : new Int32Array();
  const times = 1 + others.length / known.first.length;
  const training = classified(
    Int32Array.from([...known.first, ...others]),
    Int32Array.from({ length: examples * times }, (_, i) => known.label[i % examples]!),
  );
  const masked = mapped(training, ({ input, target }, key) => ({
    input: maskTokens(input, key, { maskToken: words, vocabularySize: words, probability: 0.3 }).input,
    target,
  }));
  return {
    model,
    ...divided(
      technique,
      technique === "tokenMasking" ? masked : training,
      classified(validation.first, validation.label),
    ),
    test: classified(test.first, test.label),
  };
}

/** Which digit an image shows: a perceptron with a hidden layer. Each seed learns from other images of MNIST. */
export function digitTask({ technique, examples, seed, random }: TaskOptions): Task {
  if (["tokenMasking", "backTranslation", "wordVectors"].includes(technique))
    throw new ArgumentError(`${technique} is for words, not for images\n  use --task sentences, or another technique`);
  const labelled = (part: "train" | "test", from: number, length: number): Dataset<Labelled> =>
    mapped(subset(mnist(part), from, length), ({ image, label }) => ({ input: image, target: oneHot(label, 10) }));
  const drop: Layer[] = technique === "dropout" ? [new Dropout(0.5, { random })] : [];
  const model = new Sequential(
    (x) => flatten(x, 1),
    new Linear(784, 256, { random }),
    relu,
    ...drop,
    new Linear(256, 10, { random }),
  );
  const training = mapped(labelled("train", (seed * examples) % (50_000 - examples), examples), (batch, key) =>
    technique === "mixUp"
      ? mixUp(batch, key)
      : technique === "randomCrop"
        ? { ...batch, input: randomCrop(batch.input, key, { padding: 2 }) }
        : batch,
  );
  return {
    model,
    ...divided(technique, training, labelled("train", 50_000, 1_000)),
    test: labelled("test", 0, 10_000),
  };
}

/**
 * What is learned from and what is validated on. Early stopping, which validation decides, gets no other examples than
 * the rest: it validates on a fifth of them, and does not learn from these.
 */
function divided(
  technique: string,
  examples: Dataset<Labelled>,
  others: Dataset<Labelled>,
): { readonly training: Dataset<Labelled>; readonly validation: Dataset<Labelled> } {
  if (technique !== "earlyStopping") return { training: examples, validation: others };
  const learned = Math.ceil(0.8 * examples.length);
  return {
    training: subset(examples, 0, learned),
    validation: subset(examples, learned, examples.length - learned),
  };
}
