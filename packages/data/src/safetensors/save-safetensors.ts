import type { StateDict } from "@ansatz/core";
import { bytesPerElement, sizeOf } from "@ansatz/core/plugin";
import { writeAtomically } from "../atomic-file.ts";
import { SafetensorsError } from "./safetensors-error.ts";
import { storedName } from "./stored-dtypes.ts";

/**
 * Writes tensors to a safetensors file. The file gets its name only once it is complete and on disk.
 *
 * In the file the tensors with the widest elements come first, so that each begins at a multiple of its element's size.
 *
 * @throws WriteError if there is no space, no permission or no such folder; an earlier file with the name is then
 * untouched
 * @throws SafetensorsError for a tensor that is named `__metadata__`, a shape that does not fit the data, or metadata
 * that isn't text
 */
export async function saveSafetensors(
  path: string,
  tensors: StateDict,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (Object.hasOwn(tensors, "__metadata__"))
    throw new SafetensorsError(
      `${path}: a tensor is named "__metadata__", which the format reserves\n  give the tensor another name`,
    );
  for (const [name, value] of Object.entries(metadata))
    if (typeof value !== "string")
      throw new SafetensorsError(
        `${path}: the metadata "${name}" isn't text but ${typeof value}\n  turn it into text, e.g. with JSON.stringify`,
      );
  const entries = Object.entries(tensors);
  for (const [name, { shape, data }] of entries)
    if (sizeOf(shape) !== data.length)
      throw new SafetensorsError(
        `${path}: "${name}" has the shape [${shape.join(",")}], but ${data.length} numbers\n  make both agree`,
      );
  const ordered = entries.toSorted(([, a], [, b]) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype));
  const offsets = new Map<string, readonly [number, number]>();
  let offset = 0;
  for (const [name, { data }] of ordered) offsets.set(name, [offset, (offset += data.byteLength)]);
  const header = entries.map(
    ([name, { dtype, shape }]) =>
      [name, { dtype: storedName(dtype), shape, data_offsets: offsets.get(name)! }] as const,
  );
  const notes = Object.keys(metadata).length > 0 ? [["__metadata__", metadata] as const] : [];
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries<unknown>([...notes, ...header])));
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  padded.set(text);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  await writeAtomically(path, [length, padded, ...ordered.map(([, { data }]) => data)]);
}
