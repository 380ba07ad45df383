import { chunk } from "./scratch.ts";

const known = new WeakMap<Float32Array, readonly Float32Array[]>();

/**
 * Views of the chunks of an array. They are kept, because updated arrays live long and creating thousands of views
 * takes longer than copying through them.
 */
export function piecesOf(array: Float32Array): readonly Float32Array[] {
  let pieces = known.get(array);
  if (pieces === undefined) {
    pieces =
      array.length <= chunk
        ? [array]
        : Array.from({ length: Math.ceil(array.length / chunk) }, (_, i) => array.subarray(i * chunk, (i + 1) * chunk));
    known.set(array, pieces);
  }
  return pieces;
}
