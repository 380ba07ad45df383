import { type FileHandle, open } from "node:fs/promises";
import { allocate, sizeOf, type TensorData, type TensorType } from "@ansatz/core";
import { writeAll, writeAtomically } from "./atomic-write.ts";
import { FileError } from "./file-error.ts";
import { composeHeader, parseHeader, prefixBytes, readHeaderLength, type SafetensorsHeader } from "./safetensors-header.ts";

export interface ReadOptions {
  /** What the file must hold: every entry that is missing, unexpected, or of another shape or dtype is named in one error. */
  readonly expect?: Readonly<Record<string, TensorType>>;
}

export interface WriteOptions {
  /** Strings that travel with the tensors. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Safetensors {
  readonly tensors: Readonly<Record<string, TensorData>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a safetensors file, and trusts nothing in it.
 *
 * @throws FileError where the file is truncated, oversized, overlapping, repeats a name, has a dtype that tensors cannot have, or is not what was expected.
 */
export async function readSafetensors(path: string, options: ReadOptions = {}): Promise<Safetensors> {
  const file = await open(path, "r").catch((cause: Error) => {
    throw new FileError(`${path} cannot be read: ${cause.message}`, { cause });
  });
  try {
    const fileBytes = (await file.stat()).size;
    const prefix = await readBytes(file, 0, Math.min(prefixBytes, fileBytes), path);
    const headerBytes = readHeaderLength(prefix, fileBytes, path);
    const dataStart = prefixBytes + headerBytes;
    const header = parseHeader(await readBytes(file, prefixBytes, headerBytes, path), fileBytes - dataStart, path);
    if (options.expect !== undefined) checkExpected(header, options.expect, path);
    const tensors: [string, TensorData][] = [];
    for (const [name, { shape, dtype, start }] of header.entries) {
      const data = allocate(dtype, sizeOf(shape));
      await readInto(file, dataStart + start, new Uint8Array(data.buffer), path);
      if (dtype === "bool" && data.some((value) => value > 1)) throw new FileError(`${path}: "${name}" is bool and holds something other than 0 and 1`);
      tensors.push([name, { shape, dtype, data }]);
    }
    return { tensors: Object.fromEntries(tensors), metadata: header.metadata };
  } finally {
    await file.close();
  }
}

/**
 * Writes tensors to a safetensors file, which is there whole or not at all.
 *
 * @throws FileError where a name is taken twice, data do not fill their shape, or there is no space left.
 */
export async function writeSafetensors(path: string, tensors: Readonly<Record<string, TensorData>>, options: WriteOptions = {}): Promise<void> {
  // Wide elements first, as the format asks, so that each tensor begins at a multiple of its element.
  const inOrder = Object.entries(tensors).toSorted(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  for (const [name, { shape, dtype, data }] of inOrder) {
    if (data.length !== sizeOf(shape)) throw new FileError(`safetensors: "${name}" has ${data.length} values and shape [${shape.join(",")}] holds ${sizeOf(shape)}`);
    if (data.constructor !== allocate(dtype, 0).constructor) throw new FileError(`safetensors: "${name}" is ${dtype} and its data are a ${data.constructor.name}`);
  }
  const header = composeHeader(inOrder, options.metadata ?? {});
  await writeAtomically(path, async (file) => {
    await writeAll(file, header);
    for (const [, { data }] of inOrder) await writeAll(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
}

function checkExpected({ entries }: SafetensorsHeader, expected: Readonly<Record<string, TensorType>>, path: string): void {
  const problems: string[] = [];
  for (const [name, { shape, dtype }] of Object.entries(expected)) {
    const entry = entries.get(name);
    const wanted = `${dtype} [${shape.join(",")}]`;
    if (entry === undefined) problems.push(`missing: ${name}, ${wanted}`);
    else if (wanted !== `${entry.dtype} [${entry.shape.join(",")}]`) problems.push(`${name} is ${entry.dtype} [${entry.shape.join(",")}], not ${wanted}`);
  }
  for (const name of entries.keys()) if (!Object.hasOwn(expected, name)) problems.push(`unexpected: ${name}`);
  if (problems.length > 0) throw new FileError(`${path} does not hold what was asked for\n  ${problems.join("\n  ")}`);
}

async function readBytes(file: FileHandle, position: number, length: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  await readInto(file, position, bytes, path);
  return bytes;
}

async function readInto(file: FileHandle, position: number, bytes: Uint8Array, path: string): Promise<void> {
  for (let start = 0; start < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, start, Math.min(bytes.length - start, 2 ** 30), position + start);
    if (bytesRead === 0) throw new FileError(`${path} is truncated: it ended at byte ${position + start} while it was read`);
    start += bytesRead;
  }
}
