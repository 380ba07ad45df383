import { ArgumentError, ShapeError, type Tensor } from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import type { Passage, Row } from "./database.ts";

/**
 * Passages with their vectors [passages, width]; `method` is what errors call it.
 *
 * @throws ArgumentError if there are none, if an id occurs twice, or if a vector isn't finite
 * @throws ShapeError if the vectors have another shape
 */
export async function rowsOf(method: string, passages: readonly Passage[], vectors: Tensor, width?: number) {
  if (passages.length === 0) throw new ArgumentError(`${method}: there are no passages\n  give at least one`);
  const ids = new Set<string>();
  for (const { id } of passages) {
    if (ids.has(id)) throw new ArgumentError(`${method}: two passages have the id "${id}"\n  give each its own`);
    ids.add(id);
  }
  const split = await vectorsOf(method, vectors, width, passages.length);
  return passages.map(({ id, text, source, place }, i): Row => ({ id, text, source, place, vector: split[i]! }));
}

/** @throws ShapeError if vectors are not [count, width], as far as these are known */
export function checkShape(method: string, { shape }: Tensor, count?: number, width?: number): void {
  const [rows, columns] = shape;
  if (shape.length === 2 && columns !== 0 && rows === (count ?? rows) && columns === (width ?? columns)) return;
  throw new ShapeError(
    `${method}: the vectors are ${showShape(shape)}, not [${count ?? "queries"}, ${width ?? "width"}]\n` +
      `  give one vector of each text, of the model that made the index, or rebuild the index with this model`,
  );
}

/** The rows of a tensor [count, width], with the errors of `rowsOf`. */
export async function vectorsOf(method: string, vectors: Tensor, width?: number, count?: number) {
  checkShape(method, vectors, count, width);
  const [rows, columns] = vectors.shape;
  const data = Float32Array.from((await vectors.data()) as ArrayLike<number>);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new ArgumentError(
      `${method}: vector ${Math.floor(bad / columns!)} has the element ${data[bad]}\n` +
        `  embed with a model whose numbers are finite`,
    );
  return Array.from({ length: rows! }, (_, i) => data.slice(i * columns!, (i + 1) * columns!));
}
