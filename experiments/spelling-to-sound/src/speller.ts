import {
  argmax,
  ArgumentError,
  dynamicSlice,
  dynamicUpdateSlice,
  iota,
  Module,
  RandomStream,
  reshape,
  scan,
  slice,
  zeros,
  type Tensor,
} from "@ansatz/core";
import {
  AttentionSeq2Seq,
  Embedding,
  EncoderDecoder,
  Linear,
  paddingMask,
  Sequential,
  SinusoidalPositions,
} from "@ansatz/nn";
import { boundary } from "./words.ts";

/** The numbers of letters and phonemes, padding and boundary among them. */
export interface Sizes {
  readonly letters: number;
  readonly phonemes: number;
}

/** Says words: letters [batch, letters] with their lengths [batch]. */
export interface Speller extends Module {
  /** The scores of the phoneme after each that was said: [batch, time] gives [batch, time, phonemes]. */
  forward(letters: Tensor, said: Tensor, lengths: Tensor): Tensor;
  /** The likeliest phonemes, each read again at the next step: [batch, steps]. */
  say(letters: Tensor, lengths: Tensor, steps: number): Tensor;
}

/** A GRU in both directions reads the letters; another one speaks, and attends to them or sees one fixed vector. */
export class RecurrentSpeller extends Module implements Speller {
  readonly network: AttentionSeq2Seq;

  constructor({ letters, phonemes }: Sizes, width: number, attention: boolean, random: RandomStream) {
    super();
    const sizes = { sourceVocabulary: letters, targetVocabulary: phonemes, embedding: width, hidden: width };
    this.network = new AttentionSeq2Seq({ ...sizes, attention, random });
  }

  forward(letters: Tensor, said: Tensor, lengths: Tensor): Tensor {
    return this.network.forward(letters, said, { sourceLengths: lengths });
  }

  say(letters: Tensor, lengths: Tensor, steps: number): Tensor {
    return this.network.generate(letters, { start: boundary, length: steps, sourceLengths: lengths });
  }

  /** How much each phoneme looks at each letter: [batch, time, letters]. */
  alignment(letters: Tensor, said: Tensor, lengths: Tensor): Tensor {
    return this.network.alignment(letters, said, { sourceLengths: lengths });
  }
}

/** Two blocks of a Transformer read the letters, and two speak. */
export class TransformerSpeller extends Module implements Speller {
  readonly letters: Sequential;
  readonly said: Sequential;
  readonly network: EncoderDecoder;
  readonly head: Linear;

  constructor({ letters, phonemes }: Sizes, width: number, random: RandomStream) {
    super();
    const placed = (count: number) =>
      new Sequential(new Embedding(count, width, { random }), new SinusoidalPositions());
    this.letters = placed(letters);
    this.said = placed(phonemes);
    this.network = new EncoderDecoder(width, { layers: 2, heads: 4, random });
    this.head = new Linear(width, phonemes, { random });
  }

  forward(letters: Tensor, said: Tensor, lengths: Tensor): Tensor {
    const mask = paddingMask(lengths, letters.shape[1]!);
    return this.#scores(this.network.encoder.forward(this.letters.forward(letters), { mask }), said, mask);
  }

  say(letters: Tensor, lengths: Tensor, steps: number): Tensor {
    const batch = letters.shape[0]!;
    const mask = paddingMask(lengths, letters.shape[1]!);
    const memory = this.network.encoder.forward(this.letters.forward(letters), { mask });
    const [said] = scan(
      (said, step) => {
        const scores = this.#scores(memory, slice(said, [null, [0, steps]]), mask);
        const latest = dynamicSlice(scores, [0, step, 0], [batch, 1, this.head.weight.shape[0]!]);
        const next = reshape(argmax(latest), [batch, 1]);
        return [dynamicUpdateSlice(said, next, [0, step.add(1)]), []];
      },
      zeros([batch, steps + 1], { dtype: "int32" }), // begins with the boundary
      iota(steps),
    );
    return slice(said, [null, [1, steps + 1]]);
  }

  #scores(memory: Tensor, said: Tensor, memoryMask: Tensor): Tensor {
    return this.head.forward(this.network.decoder.forward(this.said.forward(said), memory, { memoryMask }));
  }
}

type Make = (sizes: Sizes, width: number, random: RandomStream) => Speller;

/** The kinds of spellers, by name; widths are multiples of `step`. */
export const kinds: Readonly<Record<string, { readonly step: number; readonly make: Make }>> = {
  attention: { step: 1, make: (sizes, width, random) => new RecurrentSpeller(sizes, width, true, random) },
  "fixed vector": { step: 1, make: (sizes, width, random) => new RecurrentSpeller(sizes, width, false, random) },
  transformer: { step: 4, make: (sizes, width, random) => new TransformerSpeller(sizes, width, random) },
};

/**
 * The widest speller of a kind with at most this many parameters.
 *
 * @throws ArgumentError if not even the narrowest has so few
 */
export function spellerOf(kind: string, sizes: Sizes, parameters: number, random: RandomStream): Speller {
  const { step, make } = kinds[kind]!;
  const countOf = (width: number) => make(sizes, width, new RandomStream(0)).parameterCount();
  if (countOf(step) > parameters)
    throw new ArgumentError(
      `spelling-to-sound: ${parameters} parameters are too few for ${kind}\n  use ${countOf(step)} or more`,
    );
  let width = step;
  while (countOf(width + step) <= parameters) width += step;
  return make(sizes, width, random);
}
