import type { Tensor } from "@ansatz/core";
import type { VectorIndex } from "./vector-index.ts";

/**
 * The share of the exact k nearest passages that the approximate search finds, over queries [queries, width].
 *
 * Malkov & Yashunin 2016, arXiv:1603.09320, and every benchmark of approximate search call it recall@k.
 */
export async function recallOf(index: VectorIndex, queries: Tensor, k: number): Promise<number> {
  const [exact, found] = [await index.search(queries, k, { exact: true }), await index.search(queries, k)];
  const ids = found.map((hits) => new Set(hits.map(({ id }) => id)));
  const wanted = exact.flatMap((hits, i) => hits.map(({ id }) => ids[i]!.has(id)));
  return wanted.filter(Boolean).length / wanted.length;
}
