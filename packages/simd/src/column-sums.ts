import {
  addIntegers,
  bitwiseAnd,
  constantVector,
  count,
  get,
  integer,
  load,
  loadOne,
  moduleOf,
  multiplyIntegers,
  set,
  shiftLeft,
  simd,
  smaller,
  store,
  storeOne,
} from "./assembly.ts";

/**
 * Rows are summed in blocks of this many, and then the blocks, so that the error grows slowly with the number of rows.
 */
const block = 128;

/** The WebAssembly module that sums the rows of a matrix of floats: run(rows, columns, from, to). */
export function assembleColumnSums(shared: boolean): Uint8Array<ArrayBuffer> {
  const [rows, columns, from, to] = [0, 1, 2, 3];
  const [row, last, at, width] = [4, 5, 6, 7]; // `at` and `width` in bytes
  const vectors = 8;
  const add = simd(0xe4);
  const zero = constantVector(new Uint8Array(4));
  const strip = (bytes: number): number[] => {
    const parts = Array.from({ length: Math.max(bytes / 16, 1) }, (_, part) => part);
    const [loaded, stored] = bytes === 4 ? [loadOne, storeOne] : [load, store];
    const [total, sum] = [(part: number) => vectors + part, (part: number) => vectors + 4 + part];
    const place = (base: readonly number[], part: number): number[] => [
      ...base,
      ...get(at),
      ...addIntegers,
      ...integer(16 * part),
      ...addIntegers,
    ];
    const line = [...get(from), ...get(row), ...get(width), ...multiplyIntegers, ...addIntegers];
    return [
      ...parts.flatMap((part) => [...zero, ...set(total(part))]),
      ...[...integer(0), ...set(row)],
      ...count(row, get(rows), 0, [
        ...[...smaller([...get(row), ...integer(block), ...addIntegers], get(rows)), ...set(last)],
        ...parts.flatMap((part) => [...zero, ...set(sum(part))]),
        ...count(
          row,
          get(last),
          1,
          parts.flatMap((part) => [...get(sum(part)), ...place(line, part), ...loaded, ...add, ...set(sum(part))]),
        ),
        ...parts.flatMap((part) => [...get(total(part)), ...get(sum(part)), ...add, ...set(total(part))]),
      ]),
      ...parts.flatMap((part) => [...place(get(to), part), ...get(total(part)), ...stored]),
    ];
  };
  const whole = (bytes: number): number[] => [...get(width), ...integer(-bytes), ...bitwiseAnd];
  const body = [
    ...[...get(columns), ...integer(2), ...shiftLeft, ...set(width)],
    ...[...integer(0), ...set(at)],
    ...count(at, whole(64), 64, strip(64)),
    ...count(at, whole(16), 16, strip(16)),
    ...count(at, get(width), 4, strip(4)),
  ];
  return moduleOf({ parameters: 4, integers: 4, vectors: 8, body }, shared);
}
