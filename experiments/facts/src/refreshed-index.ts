import { realize, type Module, type RandomStream } from "@ansatz/core";
import { indexPassages, type Database, type Passage, type VectorIndex } from "@ansatz/data-retrieval";
import { RefreshingIndex } from "@ansatz/nn-retrieval";
import { embeddedAtOnce, embedderOf } from "./embedder-of.ts";
import { vocabularySize } from "./facts.ts";
import { TextEncoder } from "./text-encoder.ts";

/**
 * An index that an encoder made some steps ago, while the next one is being made: Guu et al. 2020, arXiv:2002.08909,
 * Section 3.3. It is replaced every `every` steps exactly, however long embedding took, so that runs agree.
 */
export class RefreshedIndex {
  /** What made the index, and what makes the next one. A checkpoint has to hold them. */
  readonly encoders: { readonly made: TextEncoder; readonly making: TextEncoder };
  readonly #encoder: TextEncoder;
  readonly #passages: readonly Passage[];
  readonly #every: number;
  readonly #database: Database;
  #refreshing: RefreshingIndex | undefined;
  #release: () => void = () => undefined;

  constructor(
    encoder: TextEncoder,
    options: {
      readonly passages: readonly Passage[];
      readonly every: number;
      readonly width: number;
      readonly random: RandomStream;
      readonly database: Database;
    },
  ) {
    const { passages, every, width, random } = options;
    const copy = () => new TextEncoder({ vocabularySize, width, random });
    this.encoders = { made: copy(), making: copy() };
    [this.#encoder, this.#passages, this.#every, this.#database] = [encoder, passages, every, options.database];
  }

  /** The index to search at a step, from 1 on. It starts the next refresh if one is due. */
  async at(step: number): Promise<VectorIndex> {
    const began = step - ((step - 1) % this.#every);
    const { made, making } = this.encoders;
    if (step === began) {
      this.#release();
      await this.#refreshing?.settled();
      await copied(step === 1 ? this.#encoder : making, made);
      await copied(this.#encoder, making);
    }
    if (this.#refreshing === undefined) {
      const batch = embeddedAtOnce;
      const index = await indexPassages(this.#database, this.#passages, {
        version: `encoder@${began - this.#every}`,
        embed: embedderOf(made),
        batch,
      });
      this.#refreshing = new RefreshingIndex(index, { every: this.#every, batch, snapshot: () => this.#gated() });
    }
    this.#refreshing.step(began);
    return this.#refreshing.index as VectorIndex;
  }

  async close(): Promise<void> {
    this.#release();
    await this.#refreshing?.close();
  }

  /** Embeds between the steps, and waits with the last batch until the next refresh is due. */
  #gated() {
    const embed = embedderOf(this.encoders.making);
    let left = this.#passages.length;
    const due = new Promise<void>((resolve) => (this.#release = resolve));
    return async (texts: readonly string[]) => {
      const vectors = await embed(texts);
      left -= texts.length;
      if (left === 0) await due;
      return vectors;
    };
  }
}

async function copied(from: Module, to: Module): Promise<void> {
  const parameters = from.namedParameters();
  for (const [name, parameter] of to.namedParameters()) parameter.assign(parameters.get(name)!.read());
  await realize();
}
