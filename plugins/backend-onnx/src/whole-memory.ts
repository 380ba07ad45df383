import type { TypedArray } from "@ansatz/core";

/** The memory of an array, to free it or to hand it over without a copy; empty if there is something else in it. */
export function wholeMemory({ buffer, byteLength }: TypedArray): readonly ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
