import { inspect } from "node:util";
import { sizeOf } from "@ansatz/core/plugin";
import { duplicateKey } from "./duplicate-key.ts";
import { storedDTypes, type StoredDType } from "./stored-dtypes.ts";

/** Where a tensor is in a file, and what it is. */
export interface Entry {
  readonly name: string;
  readonly stored: StoredDType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** What a header says. */
export interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reports what is wrong with a file; with a mend, what cannot be done with a valid file. */
export type Fail = (what: string, mend?: string) => never;

/** Reads the text of a header and checks all of it: the entries must fill the `available` bytes exactly. */
export function headerOf(bytes: Uint8Array, available: number, fail: Fail): Header {
  const header = recordOf(bytes, "its header", fail);
  const entries = Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => entryOf(name, value, fail));
  let position = 0;
  for (const { name, start, end } of entries.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < position) fail(`"${name}" overlaps another tensor`);
    if (start > position) fail(`there are ${start - position} bytes before "${name}" that belong to no tensor`);
    position = end;
  }
  if (position > available) fail(`it is truncated: its tensors need ${position} bytes, and ${available} are there`);
  if (position < available) fail(`it has ${available - position} bytes after its last tensor`);
  const metadata = Object.hasOwn(header, "__metadata__") ? header["__metadata__"] : {};
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string"))
    fail("its metadata isn't a record of texts");
  return { entries, metadata: metadata as Record<string, string> };
}

/** A JSON object in UTF-8. A name that occurs twice is refused, since `JSON.parse` would silently keep the last. */
export function recordOf(bytes: Uint8Array, what: string, fail: Fail): Readonly<Record<string, unknown>> {
  let text = "";
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    fail(`${what} isn't valid JSON`);
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) fail(`${what} has "${twice}" twice`);
  return isRecord(value) ? value : fail(`${what} isn't a JSON object`);
}

function entryOf(name: string, value: unknown, fail: Fail): Entry {
  if (!isRecord(value)) return fail(`the entry "${name}" isn't an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(storedDTypes, dtype))
    fail(
      `"${name}" has the dtype ${shown(dtype)}, which cannot be read here`,
      `write it as another one: ${Object.keys(storedDTypes).join(", ")}`,
    );
  if (!Array.isArray(shape) || !shape.every(isCount)) fail(`"${name}" has the shape ${shown(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    fail(`"${name}" has the offsets ${shown(offsets)}`);
  const stored = storedDTypes[dtype as string]!;
  const [start, end] = offsets as [number, number];
  const bytes = sizeOf(shape as number[]) * stored.bytes;
  if (end - start !== bytes)
    fail(`"${name}" takes ${end - start} bytes, but ${String(dtype)} of [${String(shape)}] takes ${bytes}`);
  return { name, stored, shape: shape as number[], start, end };
}

/** A value from a file for an error message: short, however long or deep the value is. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 2, breakLength: Infinity, maxArrayLength: 8, maxStringLength: 80 });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
