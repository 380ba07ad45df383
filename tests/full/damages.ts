import { threefry2x32 } from "@ansatz/core/plugin";

/**
 * Ways to damage bytes, each somewhere that `at` decides: change one, flip a bit, cut, repeat, drop one, put one in,
 * swap two parts, blank out a part.
 */
const damages: readonly ((good: Buffer, at: number, value: number) => Buffer)[] = [
  (good, at, value) =>
    Buffer.concat([good.subarray(0, at), Buffer.of(good[at]! ^ (1 + (value % 255))), good.subarray(at + 1)]),
  (good, at, value) =>
    Buffer.concat([good.subarray(0, at), Buffer.of(good[at]! ^ (1 << (value % 8))), good.subarray(at + 1)]),
  (good, at) => good.subarray(0, at),
  (good, at) => Buffer.concat([good, good.subarray(at)]),
  (good, at) => Buffer.concat([good.subarray(0, at), good.subarray(at + 1)]),
  (good, at, value) => Buffer.concat([good.subarray(0, at), Buffer.of(value & 255), good.subarray(at)]),
  (good, at) => Buffer.concat([good.subarray(at), good.subarray(0, at)]),
  (good, at) => Buffer.concat([good.subarray(0, at), Buffer.alloc(good.length - at)]),
];

/**
 * The i-th of `count` damaged copies of a file, and what was done to it; undefined if it is no other file. The i-th
 * damage falls into the i-th part of the file, from its first byte to its last.
 */
export function damaged(good: Buffer, i: number, count: number): { bad: Buffer; what: string } | undefined {
  const [shift, value] = threefry2x32(5, 6, i, 0);
  const part = good.length / count;
  const at = Math.min(good.length - 1, Math.floor(i * part + (shift / 2 ** 32) * part));
  const kind = i % damages.length;
  const bad = damages[kind]!(good, at, value);
  return bad.equals(good) ? undefined : { bad, what: `damage ${kind} at ${at}` };
}

/** Draws from lists, the i-th time another way. */
export class Draws {
  readonly #i: number;
  #drawn = 0;

  constructor(i: number) {
    this.#i = i;
  }

  below(count: number): number {
    return threefry2x32(7, 8, this.#i, this.#drawn++)[0] % count;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** Names that are more than names somewhere: in objects, in paths, in JSON pointers, in UTF-8. */
export const hostileNames: readonly string[] = [
  ...["__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty", "length", "0", "-1", ""],
  ...["model/__proto__/x", "model/constructor/prototype/x", "model/state/__proto__", "optimizer/state/__proto__/x"],
  ...["model/state/hidden.weight/data", "model//x", "model/~", "model/~2x", "model/state/~1", "/model", "model/"],
  ...[
    "../../etc/passwd",
    "C:\\x",
    "a\u0000b",
    "\ud800",
    "\u202egnp",
    "💥".repeat(50),
    "x".repeat(100_000),
    "%s%n",
    '"\n',
  ],
];

/** Sizes that numbers hold badly or not at all. */
export const hostileSizes: readonly unknown[] = [
  ...[2 ** 53, 2 ** 53 - 1, 2 ** 53 - 4, 2 ** 53 + 2, 2 ** 52, 2 ** 32, 2 ** 32 - 1, 2 ** 31, 1e308, -1, -0, 0.5, 1e-9],
  ...["4", null, true, [], {}, [4]],
];

/** A safetensors file of this header, whatever it says. */
export function fileOf(header: unknown, data: Uint8Array, length?: bigint): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([prefix, text, data]);
}

/** The header of a safetensors file, and its data. */
export function partsOf(file: Buffer): { header: Record<string, HeaderEntry>; data: Buffer } {
  const length = Number(file.readBigUInt64LE(0));
  return {
    header: JSON.parse(file.subarray(8, 8 + length).toString()) as Record<string, HeaderEntry>,
    data: file.subarray(8 + length),
  };
}

export interface HeaderEntry {
  dtype: unknown;
  shape: unknown;
  data_offsets: unknown;
}

/** Forges a header in one of many ways. */
export function forgeHeader(header: Record<string, HeaderEntry>, draws: Draws): void {
  const name = draws.of(Object.keys(header));
  const entry = header[name]!;
  const define = (record: object, key: string, value: unknown) =>
    Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
  const [a, b] = [draws.of(hostileSizes), draws.of(hostileSizes)];
  const forgeries: readonly (() => void)[] = [
    () => {
      delete header[name];
      define(header, draws.of(hostileNames), entry);
    },
    () => define(header, draws.of(hostileNames), entry),
    () => (entry.shape = [a]),
    () => (entry.shape = [a, b]),
    () => (entry.shape = [2 ** 26, 2 ** 27, draws.of([0, 1, 2])]),
    () => (entry.shape = new Array(draws.of([10, 1_000, 100_000])).fill(draws.of([0, 1, 2]))),
    () => (entry.data_offsets = [a, b]),
    () => (entry.data_offsets = [0, a]),
    () => (entry.data_offsets = [2 ** 53 - 8, 2 ** 53 - 4]),
    () => Object.assign(entry, { shape: [a], data_offsets: [0, 4 * Number(a)] }),
    () => (entry.dtype = draws.of(["F8_E4M3", "__proto__", "constructor", "toString", 4, null, "F32 ", "I64", "BOOL"])),
    () => define(header, "__metadata__", draws.of<unknown>([3, null, [], { a: 1 }, { a: "1" }, { toString: "x" }])),
    () => define(header, name, draws.of<unknown>([null, 3, "x", [], {}, { dtype: "F32" }])),
    () => delete header[name],
    () => define(entry, draws.of(["dtype", "shape", "data_offsets"]), draws.of(hostileSizes)),
  ];
  draws.of(forgeries)();
}
