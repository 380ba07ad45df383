import { open, type FileHandle } from "node:fs/promises";
import { AnsatzError, type DType, type StateDict, type TensorData } from "@ansatz/core";
import { allocate, bytesPerElement, sizeOf } from "@ansatz/core/plugin";
import { writeAtomically } from "./atomic-file.ts";
import { duplicateKey } from "./duplicate-key.ts";

/** A file that isn't a valid safetensors file, or has values of a dtype that Ansatz lacks. */
export class SafetensorsError extends AnsatzError {}

/** The tensors of a file, and its metadata. */
export interface SafetensorsFile {
  readonly tensors: StateDict;
  readonly metadata: Readonly<Record<string, string>>;
}

const names = { F32: "float32", F64: "float64", I32: "int32", U32: "uint32", BOOL: "bool" } as const satisfies Record<
  string,
  DType
>;
const largestHeader = 100_000_000;

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/**
 * Writes tensors to a safetensors file. The file gets its name only once it is complete and on disk.
 *
 * @throws WriteError if there is no space, no permission or no such folder; an earlier file with the name is then
 * untouched
 */
export async function saveSafetensors(
  path: string,
  tensors: StateDict,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    const type = Object.entries(names).find(([, known]) => known === dtype)![0];
    header[name] = { dtype: type, shape, data_offsets: [offset, (offset += data.byteLength)] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  padded.set(text);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  await writeAtomically(path, [length, padded, ...Object.values(tensors).map(({ data }) => data)]);
}

/**
 * Reads a safetensors file and checks everything in it: the entries must fill the data exactly.
 *
 * @throws SafetensorsError that says what is wrong: missing, truncated, oversized, overlapping, unknown dtype, invalid
 * JSON
 */
export async function loadSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await open(path, "r").catch((error: Error) => {
    throw new SafetensorsError(`${path} cannot be read: ${error.message}\n  check the path`);
  });
  try {
    const { size } = await file.stat();
    const fail = (what: string): never => {
      throw new SafetensorsError(
        `${path} is not a valid safetensors file: ${what}\n  load another file, or write this one again`,
      );
    };
    const { header, start } = await readHeader(file, size, fail);
    const entries = entriesOf(header, size - start, fail);
    const tensors: Record<string, TensorData> = {};
    for (const entry of entries) tensors[entry.name] = await readTensor(file, start, entry, fail);
    const notes = header["__metadata__"];
    return {
      tensors,
      metadata: isRecord(notes)
        ? Object.fromEntries(Object.entries(notes).map(([name, value]) => [name, String(value)]))
        : {},
    };
  } finally {
    await file.close();
  }
}

type Fail = (what: string) => never;

async function readHeader(
  file: FileHandle,
  size: number,
  fail: Fail,
): Promise<{ header: Record<string, unknown>; start: number }> {
  if (size < 8) fail(`it has ${size} bytes, too few for a header`);
  const prefix = await readBytes(file, 0, 8, fail);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
  if (length > largestHeader) fail(`its header claims ${length} bytes`);
  if (8 + length > size) fail(`its header claims ${length} bytes, but the file has ${size}`);
  const bytes = await readBytes(file, 8, length, fail);
  let text = "";
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    fail("its header isn't valid JSON");
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) fail(`its header has "${twice}" twice`);
  return isRecord(header) ? { header, start: 8 + length } : fail("its header isn't a JSON object");
}

function entriesOf(header: Record<string, unknown>, available: number, fail: Fail): Entry[] {
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => entryOf(name, value, fail))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  let position = 0;
  for (const { name, start, end } of entries) {
    if (start < position) fail(`"${name}" overlaps another tensor`);
    if (start > position) fail(`there are ${start - position} bytes before "${name}" that belong to no tensor`);
    position = end;
  }
  if (position > available) fail(`it is truncated: its tensors need ${position} bytes, and ${available} are there`);
  if (position < available) fail(`it has ${available - position} bytes after its last tensor`);
  return entries;
}

function entryOf(name: string, value: unknown, fail: Fail): Entry {
  if (!isRecord(value)) return fail(`the entry "${name}" isn't an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(names, dtype))
    fail(`"${name}" has the dtype ${JSON.stringify(dtype)}; known dtypes are ${Object.keys(names).join(", ")}`);
  if (!Array.isArray(shape) || !shape.every(isCount)) fail(`"${name}" has the shape ${JSON.stringify(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    fail(`"${name}" has the offsets ${JSON.stringify(offsets)}`);
  const known = names[dtype as keyof typeof names];
  const [start, end] = offsets as [number, number];
  const bytes = sizeOf(shape as number[]) * bytesPerElement(known);
  if (end - start !== bytes)
    fail(`"${name}" takes ${end - start} bytes, but ${known} of [${(shape as number[]).join(",")}] takes ${bytes}`);
  return { name, dtype: known, shape: shape as number[], start, end };
}

async function readTensor(
  file: FileHandle,
  base: number,
  { name, dtype, shape, start, end }: Entry,
  fail: Fail,
): Promise<TensorData> {
  const data = allocate(dtype, sizeOf(shape));
  const bytes = await readBytes(file, base + start, end - start, fail, new Uint8Array(data.buffer as ArrayBuffer));
  if (dtype === "bool" && bytes.some((byte) => byte > 1)) fail(`"${name}" holds a byte that is neither true nor false`);
  return { shape, dtype, data };
}

async function readBytes(
  file: FileHandle,
  position: number,
  length: number,
  fail: Fail,
  into = new Uint8Array(length),
): Promise<Uint8Array> {
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(into, done, Math.min(length - done, 2 ** 30), position + done);
    if (bytesRead === 0) fail("it ended while it was read");
    done += bytesRead;
  }
  return into;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
