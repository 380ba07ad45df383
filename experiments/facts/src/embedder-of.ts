import { compile, zeros, type Tensor } from "@ansatz/core";
import { inMemory, VectorIndex, type Database, type Passage } from "@ansatz/data-retrieval";
import { sizes, tensorOf } from "./facts.ts";
import type { TextEncoder } from "./text-encoder.ts";

export type Embed = (texts: readonly string[]) => Promise<Tensor>;

export interface IndexOptions {
  readonly version?: string;
  readonly database?: Database;
  readonly embed?: Embed | undefined;
}

/** An encoder of texts of at most so many words, compiled. It reads the weights that it has when it is called. */
export function embedderOf(encoder: TextEncoder, length: number = sizes.passage): Embed {
  const embed = compile((tokens: Tensor) => encoder.forward(tokens));
  return (texts) => embed(tensorOf(texts, length));
}

/** An index of passages in an empty database. Without vectors, it is searched by words. */
export async function indexOf(
  passages: readonly Passage[],
  { version = "now", database = inMemory(), embed }: IndexOptions = {},
): Promise<VectorIndex> {
  const size = 100;
  let index: VectorIndex | undefined;
  for (let start = 0; start < passages.length; start += size) {
    const own = passages.slice(start, start + size);
    const vectors = embed === undefined ? zeros([own.length, 1]) : await embed(own.map(({ text }) => text));
    index ??= await VectorIndex.open(database, { version, width: vectors.shape[1]! });
    await index.add(own, vectors);
  }
  return index!;
}
