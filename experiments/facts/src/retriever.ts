import type { RandomStream } from "@ansatz/core";
import { indexPassages, type Database, type Embed, type Passage, type VectorIndex } from "@ansatz/data-retrieval";
import type { Answerer } from "./answerer.ts";
import type { Search } from "./batch-of.ts";
import { embeddedAtOnce, embedderOf } from "./embedder-of.ts";
import { sizes } from "./facts.ts";
import { RefreshedIndex } from "./refreshed-index.ts";

export interface RetrieverOptions {
  /** The passages that training finds. */
  readonly passages: readonly Passage[];
  /** How many are found for a question; 0 for a closed book. */
  readonly k: number;
  /** The steps from one refresh of the index to the next, if the encoders are trained. */
  readonly refresh: number | undefined;
  readonly width: number;
  readonly random: RandomStream;
  /** Makes an empty database for an index. */
  readonly database: () => Database;
}

/** Finds passages by a model's encoders, or by words if it has none. */
export class Retriever {
  readonly #model: Answerer;
  readonly #options: RetrieverOptions;
  readonly #refreshed: RefreshedIndex | undefined;
  readonly #embedQuestions: Embed | undefined;
  #fixed: Search;

  constructor(model: Answerer, options: RetrieverOptions) {
    [this.#model, this.#options] = [model, options];
    const { encoders } = model;
    const { passages, refresh, width, random, database } = options;
    this.#embedQuestions = encoders && embedderOf(encoders.questions, sizes.question);
    if (refresh !== undefined && encoders !== undefined)
      this.#refreshed = new RefreshedIndex(encoders.passages, {
        passages,
        every: refresh,
        width,
        random,
        database: database(),
      });
  }

  /** What a checkpoint has to hold. */
  get parts() {
    return this.#refreshed?.encoders;
  }

  /** The search of a step of training, from 1 on. */
  async at(step: number): Promise<Search> {
    if (this.#refreshed !== undefined) return this.#searching(await this.#refreshed.at(step));
    return (this.#fixed ??= await this.over(this.#options.passages));
  }

  /** A search over other passages, with the encoders as they are. */
  async over(passages: readonly Passage[]): Promise<Search> {
    const { k, database } = this.#options;
    if (k === 0) return undefined;
    const { encoders } = this.#model;
    const embed = encoders && embedderOf(encoders.passages);
    return this.#searching(await indexPassages(database(), passages, { version: "now", embed, batch: embeddedAtOnce }));
  }

  async close(): Promise<void> {
    await this.#refreshed?.close();
  }

  #searching(index: VectorIndex): Search {
    return async (questions) => index.search((await this.#embedQuestions?.(questions)) ?? questions, this.#options.k);
  }
}
