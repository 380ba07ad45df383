import { compile, key, realize, RandomStream, type Tensor } from "@ansatz/core";
import { BytePairTokenizer, DataLoader, gaussianNoise, mnist, mobyDick, randomCrop } from "@ansatz/data";
import type { Work } from "./work.ts";

const [batches, batch, steps] = [50, 64, 20];

/** Batches of MNIST, shuffled, each image shifted by up to two pixels and with noise added. */
export function digits(): Work {
  return {
    steps,
    routine: true,
    torch: ["loading.py", ...[batches, batch, steps].map(String)],
    build() {
      const loader = new DataLoader(mnist("train"), { batchSize: batch, shuffle: key(1), dropLast: true });
      const random = new RandomStream(2);
      const augment = compile((image: Tensor) =>
        gaussianNoise(randomCrop(image, random.next(), { padding: 2 }), random.next(), { std: 0.1 }),
      );
      return {
        run: async () => {
          for (let i = 0; i < batches; i++) await realize(await augment((await loader.next()).image));
          return { batches };
        },
      };
    },
  };
}

/** Byte-pair encoding of a book, by a tokenizer that has not seen a word yet. */
export function bytePairs(vocabularySize: number): Work {
  return {
    steps: 6,
    routine: true,
    build() {
      const text = mobyDick();
      const json = BytePairTokenizer.train(text, { vocabularySize }).toJSON();
      return {
        run: async () => ({ tokens: BytePairTokenizer.fromJSON(json).encode(text).length }),
      };
    },
  };
}
