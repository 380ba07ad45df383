import { bytesPerElement, sizeOf, type DType, type TensorType } from "@ansatz/core";
import { duplicateKey } from "./duplicate-key.ts";
import { FileError } from "./file-error.ts";

/** Where a tensor lies: positions in the bytes that follow the header. */
export interface SafetensorsEntry extends TensorType {
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The length of the header comes first, in eight bytes. */
export const prefixBytes = 8;

/** The format's own limit, so that a damaged length does not ask for all memory. */
const mostHeaderBytes = 100_000_000;

const names = { float32: "F32", float64: "F64", int32: "I32", uint32: "U32", bool: "BOOL" } as const satisfies Record<DType, string>;
const dtypes = new Map<string, DType>(Object.entries(names).map(([dtype, name]) => [name, dtype as DType]));

/** The header's length, from the first eight bytes of a file of `fileBytes`. */
export function readHeaderLength(prefix: Uint8Array, fileBytes: number, source: string): number {
  if (prefix.length < prefixBytes) throw new FileError(`${source} is not a safetensors file: it has ${fileBytes} bytes and the header's length alone takes 8`);
  const length = new DataView(prefix.buffer, prefix.byteOffset, prefixBytes).getBigUint64(0, true);
  if (length > mostHeaderBytes) throw new FileError(`${source} is not a safetensors file: a header of ${length} bytes is over the limit of ${mostHeaderBytes}`);
  if (BigInt(prefixBytes) + length > fileBytes) throw new FileError(`${source} is truncated: its header takes ${length} bytes and the file has ${fileBytes}`);
  return Number(length);
}

/** Reads a header strictly: every byte of the `dataBytes` that follow belongs to exactly one tensor. */
export function parseHeader(header: Uint8Array, dataBytes: number, source: string): SafetensorsHeader {
  const { __metadata__: metadata, ...rest } = parseObject(header, source);
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, value] of Object.entries(rest)) entries.set(name, parseEntry(value, `${source}: "${name}"`));
  checkCoverage(entries, dataBytes, source);
  return { entries, metadata: parseMetadata(metadata, source) };
}

/** The header's bytes for tensors in the order in which they will lie, padded so that the data begin at a multiple of eight. */
export function composeHeader(tensors: Iterable<readonly [string, TensorType]>, metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length === 0 ? [] : [["__metadata__", metadata]];
  const taken = new Set(["__metadata__"]);
  let start = 0;
  for (const [name, { shape, dtype }] of tensors) {
    if (taken.has(name)) throw new FileError(`safetensors: the name "${name}" ${name === "__metadata__" ? "is reserved" : "occurs twice"}`);
    taken.add(name);
    const end = start + sizeOf(shape) * bytesPerElement(dtype);
    entries.push([name, { dtype: names[dtype], shape, data_offsets: [start, end] }]);
    start = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  if (json.length > mostHeaderBytes) throw new FileError(`safetensors: a header of ${json.length} bytes is over the limit of ${mostHeaderBytes}`);
  const header = new Uint8Array(prefixBytes + Math.ceil(json.length / 8) * 8).fill(0x20); // padded by spaces
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - prefixBytes), true);
  header.set(json, prefixBytes);
  return header;
}

function parseObject(header: Uint8Array, source: string): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
    value = JSON.parse(text);
  } catch (cause) {
    throw new FileError(`${source} is not a safetensors file: its header is not valid JSON`, { cause });
  }
  if (!isRecord(value)) throw new FileError(`${source} is not a safetensors file: its header is not a JSON object`);
  const twice = duplicateKey(text);
  if (twice !== undefined) throw new FileError(`${source}: the name "${twice}" occurs twice in the header`);
  return value;
}

function parseEntry(value: unknown, source: string): SafetensorsEntry {
  if (!isRecord(value)) throw new FileError(`${source} is not described by an object`);
  const { dtype: name, shape, data_offsets: offsets, ...unknown } = value;
  const dtype = typeof name === "string" ? dtypes.get(name) : undefined;
  if (dtype === undefined) throw new FileError(`${source} has dtype ${String(name)}, and ${[...dtypes.keys()].join(", ")} can be read`);
  if (!isSizes(shape)) throw new FileError(`${source} has a shape that is not a list of sizes: ${JSON.stringify(shape)}`);
  const [start, end] = isSizes(offsets) && offsets.length === 2 ? offsets : [];
  if (start === undefined || end === undefined || end < start) throw new FileError(`${source} has offsets that are not a start and an end: ${JSON.stringify(offsets)}`);
  const [extra] = Object.keys(unknown);
  if (extra !== undefined) throw new FileError(`${source} has an unknown field "${extra}"`);
  const needed = sizeOf(shape) * bytesPerElement(dtype);
  if (needed !== end - start) throw new FileError(`${source} takes ${end - start} bytes, and shape [${shape.join(",")}] of ${dtype} needs ${needed}`);
  return { shape, dtype, start, end };
}

function parseMetadata(value: unknown, source: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value) || !Object.values(value).every((entry) => typeof entry === "string")) throw new FileError(`${source}: __metadata__ holds something other than strings`);
  return value as Record<string, string>;
}

/** Tensors lie one after another: none overlaps, nothing is left between them or after the last. */
function checkCoverage(entries: ReadonlyMap<string, SafetensorsEntry>, dataBytes: number, source: string): void {
  const inOrder = [...entries].toSorted(([, a], [, b]) => a.start - b.start || a.end - b.end);
  let position = 0;
  let before = "the header";
  for (const [name, { start, end }] of inOrder) {
    if (start < position) throw new FileError(`${source}: "${name}" overlaps ${before}`);
    if (start > position) throw new FileError(`${source}: ${start - position} bytes between ${before} and "${name}" belong to no tensor`);
    position = end;
    before = `"${name}"`;
  }
  if (position > dataBytes) throw new FileError(`${source} is truncated: its tensors take ${position} bytes and ${dataBytes} are there`);
  if (position < dataBytes) throw new FileError(`${source} is oversized: ${dataBytes - position} bytes after ${before} belong to no tensor`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
