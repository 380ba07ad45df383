import { randomIntegers, type RandomStream, type Tensor } from "@ansatz/core";
import { Columns } from "@ansatz/data";

/**
 * Two languages. The second has one word for each concept. The first has several words for each, and reverses the order
 * of words. Half of the concepts are good and half are bad. A sentence has an odd number of words, and is good if most
 * of them are.
 */
export const language = { concepts: 20, synonyms: 8, length: 9 } as const;
const { concepts, synonyms, length } = language;

/** The number of words in the first language: 0 to 159. The token after them masks a word. */
export const words = concepts * synonyms;

/** The width of the embeddings of words, in the classifier and in the translators. */
export const embeddingWidth = 32;

export interface Sentences {
  readonly first: Int32Array; // [count, length]
  readonly second: Int32Array; // [count, length]
  readonly label: Int32Array; // [count], 1 for a good sentence
}

/** Random sentences. */
export async function sentences(random: RandomStream, count: number): Promise<Sentences> {
  const first = await randomIntegers(random.next(), [count * length], { high: words }).data("int32");
  const [second, label] = [new Int32Array(count * length), new Int32Array(count)];
  for (let sentence = 0; sentence < count; sentence++) {
    let good = 0;
    for (let place = 0; place < length; place++) {
      const concept = Math.floor(first[sentence * length + place]! / synonyms);
      second[sentence * length + length - 1 - place] = concept;
      if (concept < concepts / 2) good++;
    }
    label[sentence] = good > length / 2 ? 1 : 0;
  }
  return { first, second, label };
}

/** The share of words with the same meaning as the word at the same place of the other sentences. */
export function meaningKept(words: Int32Array, others: Int32Array): number {
  return (
    words.filter((word, i) => Math.floor(word / synonyms) === Math.floor(others[i]! / synonyms)).length / words.length
  );
}

/** Examples for a classifier: words, and the class as a one-hot vector. */
export function classified(first: Int32Array, label: Int32Array): Columns<"input" | "target"> {
  const target = new Float32Array(2 * label.length);
  for (const [i, one] of label.entries()) target[2 * i + one] = 1;
  return new Columns({ input: { data: first, shape: [length] }, target: { data: target, shape: [2] } });
}

export type Labelled = Readonly<Record<"input" | "target", Tensor>>; // [batch, ...] and [batch, classes]
