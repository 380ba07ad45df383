import {
  addIntegers,
  bitwiseAnd,
  count,
  get,
  integer,
  load,
  loadFloat,
  moduleOf,
  multiplyIntegers,
  set,
  shiftLeft,
  simd,
  smaller,
  store,
  storeFloat,
} from "./assembly.ts";

/** The number of rows in a block: their columns fill one line of the processor's cache when written. */
const block = 16;

/**
 * The WebAssembly module that transposes a matrix of floats: run(rows, columns, from, to). It transposes tiles of 4 × 4
 * in registers.
 */
export function assembleTranspose(shared: boolean): Uint8Array<ArrayBuffer> {
  const [rows, columns, from, to] = [0, 1, 2, 3];
  const [i, j, first, last, wholeRows, wholeColumns] = [4, 5, 6, 7, 8, 9];
  const vectors = 10;
  const whole = (of: number, into: number): number[] => [...get(of), ...integer(-4), ...bitwiseAnd, ...set(into)];
  const place = (base: number, row: number, ahead: number, width: number, column: number): number[] => [
    ...get(base),
    ...[
      ...[...get(row), ...integer(ahead), ...addIntegers],
      ...get(width),
      ...multiplyIntegers,
      ...get(column),
      ...addIntegers,
      ...integer(2),
      ...shiftLeft,
    ],
    ...addIntegers,
  ];
  const pick = (a: number, b: number, ...lanes: readonly number[]): number[] => [
    ...get(vectors + a),
    ...get(vectors + b),
    ...simd(0x0d, ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte))),
  ];
  const four = [0, 1, 2, 3];
  const tile = [
    ...four.flatMap((row) => [...place(from, i, row, columns, j), ...load, ...set(vectors + row)]),
    ...[pick(0, 1, 0, 4, 1, 5), pick(0, 1, 2, 6, 3, 7), pick(2, 3, 0, 4, 1, 5), pick(2, 3, 2, 6, 3, 7)].flatMap(
      (code, n) => [...code, ...set(vectors + 4 + n)],
    ),
    ...[pick(4, 6, 0, 1, 4, 5), pick(4, 6, 2, 3, 6, 7), pick(5, 7, 0, 1, 4, 5), pick(5, 7, 2, 3, 6, 7)].flatMap(
      (code, row) => [...place(to, j, row, rows, i), ...code, ...store],
    ),
  ];
  const one = [...place(to, j, 0, rows, i), ...place(from, i, 0, columns, j), ...loadFloat, ...storeFloat];
  const begin = (counter: number, at: readonly number[]): number[] => [...at, ...set(counter)];
  const body = [
    ...whole(rows, wholeRows),
    ...whole(columns, wholeColumns),
    ...begin(first, integer(0)),
    ...count(first, get(wholeRows), block, [
      ...begin(last, smaller([...get(first), ...integer(block), ...addIntegers], get(wholeRows))),
      ...begin(j, integer(0)),
      ...count(j, get(wholeColumns), 4, [...begin(i, get(first)), ...count(i, get(last), 4, tile)]),
    ]),
    // The columns and rows that do not fill a tile.
    ...begin(i, integer(0)),
    ...count(i, get(wholeRows), 1, [...begin(j, get(wholeColumns)), ...count(j, get(columns), 1, one)]),
    ...count(i, get(rows), 1, [...begin(j, integer(0)), ...count(j, get(columns), 1, one)]),
  ];
  return moduleOf({ parameters: 4, integers: 6, vectors: 8, body }, shared);
}
