import { open, readFile, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { StateDict, TensorData } from "@ansatz/core";
import { allocate, sizeOf } from "@ansatz/core/plugin";
import { headerOf, isRecord, recordOf, shown, type Entry, type Fail } from "./header.ts";
import { SafetensorsError } from "./safetensors-error.ts";
import { numbersOf } from "./stored-dtypes.ts";

/** The tensors of a file, and its metadata. */
export interface SafetensorsFile {
  readonly tensors: StateDict;
  readonly metadata: Readonly<Record<string, string>>;
}

const largestHeader = 100_000_000;

/**
 * Reads a safetensors file and checks everything in it: the entries must fill the data exactly. For a model that is
 * split over several files, give its index, e.g. `model.safetensors.index.json`.
 *
 * Numbers that Ansatz has no dtype for are converted: F16 and BF16 to float32, I8, U8, I16, U16 and I64 to int32, U64
 * to uint32.
 *
 * @throws SafetensorsError that says what is wrong: missing, truncated, oversized, overlapping, unknown dtype, invalid
 * JSON, a number that does not fit
 */
export async function loadSafetensors(path: string): Promise<SafetensorsFile> {
  return path.endsWith(".json") ? loadShards(path) : loadFile(path);
}

async function loadFile(path: string): Promise<SafetensorsFile> {
  const file = await open(path, "r").catch((error: Error) => unreadable(path, error));
  try {
    const stat = await file.stat();
    if (stat.isDirectory())
      throw new SafetensorsError(
        `${path} is a folder\n  give a safetensors file, or the model.safetensors.index.json in that folder`,
      );
    const { size } = stat;
    const fail = failOf(path, "a valid safetensors file");
    if (size < 8) fail(`it has ${size} bytes, too few for a header`);
    const prefix = await readBytes(file, 0, 8, fail);
    const length = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
    if (length > largestHeader) fail(`its header claims ${length} bytes`);
    const start = 8 + length;
    if (start > size) fail(`its header claims ${length} bytes, but the file has ${size}`);
    const { entries, metadata } = headerOf(await readBytes(file, 8, length, fail), size - start, fail);
    const tensors: [string, TensorData][] = [];
    for (const entry of entries) tensors.push([entry.name, await readTensor(file, start, entry, fail)]);
    return { tensors: Object.fromEntries(tensors), metadata };
  } finally {
    await file.close();
  }
}

/** Reads the files that an index names. Each tensor must be in the file that the index gives for it. */
async function loadShards(path: string): Promise<SafetensorsFile> {
  const fail = failOf(path, "a valid index of safetensors files");
  const index = recordOf(await readFile(path).catch((error: Error) => unreadable(path, error)), "its text", fail);
  const places = Object.hasOwn(index, "weight_map") ? index["weight_map"] : undefined;
  if (!isRecord(places)) return fail('it has no record "weight_map" of the file of each tensor');
  const namesByFile = new Map<string, Set<string>>();
  for (const [name, file] of Object.entries(places)) {
    if (typeof file !== "string" || !/^[^/\\]+\.safetensors$/.test(file))
      fail(`it puts "${name}" into ${shown(file)}, which isn't a safetensors file in the index's own folder`);
    const names = namesByFile.get(file as string) ?? new Set();
    namesByFile.set(file as string, names.add(name));
  }
  const tensors: [string, TensorData][] = [];
  for (const [file, names] of namesByFile) {
    const shard = await loadFile(join(dirname(path), file));
    const unlisted = Object.keys(shard.tensors).filter((name) => !names.has(name));
    const missing = [...names].filter((name) => !Object.hasOwn(shard.tensors, name));
    if (missing.length > 0) fail(`${file} lacks ${missing.map((name) => `"${name}"`).join(", ")}`);
    if (unlisted.length > 0) fail(`it does not list ${unlisted.map((name) => `"${name}"`).join(", ")} of ${file}`);
    tensors.push(...Object.entries(shard.tensors));
  }
  return { tensors: Object.fromEntries(tensors), metadata: metadataOf(index) };
}

/** The metadata of an index, of which those that aren't text, such as the total size, are left out. */
function metadataOf(index: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const metadata = Object.hasOwn(index, "metadata") ? index["metadata"] : {};
  if (!isRecord(metadata)) return {};
  return Object.fromEntries(
    Object.entries(metadata).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

async function readTensor(
  file: FileHandle,
  base: number,
  { name, stored, shape, start, end }: Entry,
  fail: Fail,
): Promise<TensorData> {
  const { dtype, read } = stored;
  if (read !== undefined) {
    const bytes = await readBytes(file, base + start, end - start, fail);
    const numbers = numbersOf({ ...stored, read }, bytes);
    if ("data" in numbers) return { shape, dtype, data: numbers.data };
    return fail(
      `"${name}" holds ${numbers.misfit} at place ${numbers.index}, which does not fit into ${dtype}`,
      "write it as another dtype, or leave it out",
    );
  }
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

function failOf(path: string, kind: string): Fail {
  return (what, mend) => {
    throw new SafetensorsError(
      mend === undefined
        ? `${path} is not ${kind}: ${what}\n  load another file, or write this one again`
        : `${path}: ${what}\n  ${mend}`,
    );
  };
}

function unreadable(path: string, error: Error): never {
  throw new SafetensorsError(`${path} cannot be read: ${error.message}\n  check the path`);
}
