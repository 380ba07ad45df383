import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TensorData } from "@ansatz/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FileError } from "./file-error.ts";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "safetensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

const tensors: Record<string, TensorData> = {
  mask: { shape: [3], dtype: "bool", data: Uint8Array.of(1, 0, 1) },
  weight: { shape: [2, 3], dtype: "float32", data: Float32Array.of(1, -2, 3.5, NaN, Infinity, -0) },
  "ψ.\"quoted\"": { shape: [], dtype: "float64", data: Float64Array.of(Math.PI) },
  "7": { shape: [2], dtype: "int32", data: Int32Array.of(-1, 2) },
  __proto__x: { shape: [1], dtype: "uint32", data: Uint32Array.of(4294967295) },
  empty: { shape: [0, 4], dtype: "float32", data: new Float32Array(0) },
};

/** A file with a header given as text. */
function file(header: string, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

async function read(bytes: Uint8Array): Promise<unknown> {
  const path = join(folder, "given.safetensors");
  await writeFile(path, bytes);
  return readSafetensors(path);
}

test("what is written is read back bit for bit, with its metadata", async () => {
  const path = join(folder, "all.safetensors");
  await writeSafetensors(path, tensors, { metadata: { step: "12" } });
  const back = await readSafetensors(path, { expect: tensors });
  expect(back.tensors).toEqual(tensors);
  expect(Object.is(back.tensors["weight"]?.data[5], -0)).toBe(true);
  expect(back.metadata).toEqual({ step: "12" });
});

test("the bytes are those of the format: length, JSON, data in order of width, aligned", async () => {
  const path = join(folder, "layout.safetensors");
  await writeSafetensors(path, { b: { shape: [1], dtype: "bool", data: Uint8Array.of(1) }, a: { shape: [1], dtype: "float32", data: Float32Array.of(1) } });
  const bytes = await readFile(path);
  const length = Number(bytes.readBigUInt64LE(0));
  expect(length % 8).toBe(0);
  expect(JSON.parse(bytes.subarray(8, 8 + length).toString())).toEqual({
    a: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
    b: { dtype: "BOOL", shape: [1], data_offsets: [4, 5] },
  });
  expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 0x80, 0x3f, 1]);
});

test.each([
  ["nothing at all", new Uint8Array(0), /has 0 bytes/],
  ["half a length", new Uint8Array(5), /has 5 bytes/],
  ["a header over the limit", new Uint8Array(16).fill(255), /over the limit of 100000000/],
  ["a header that ends early", file("{}", 0).subarray(0, 9), /truncated/],
  ["a header that is no JSON", file("{a", 0), /not valid JSON/],
  ["a header that is no text", file("{}", 0).fill(0xff, 8), /not valid JSON/],
  ["a header that is a list", file("[]", 0), /not a JSON object/],
  ["an entry that is no object", file('{"w":1}', 0), /"w" is not described/],
  ["a dtype that tensors cannot have", file('{"w":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}', 2), /"w" has dtype F16, and F32, F64/],
  ["a negative size", file('{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4), /list of sizes: \[-1\]/],
  ["offsets backwards", file('{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}', 4), /not a start and an end/],
  ["an unknown field", file('{"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":1}}', 0), /unknown field "x"/],
  ["a shape that needs more", file('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', 4), /takes 4 bytes, and shape \[2\] of float32 needs 8/],
  ["truncated data", file('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 5), /truncated: its tensors take 8 bytes and 5 are there/],
  ["data left over", file('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 6), /oversized: 2 bytes after "w"/],
  ["overlapping tensors", file('{"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8), /"w" overlaps "v"/],
  ["a hole", file('{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8), /4 bytes between the header and "w"/],
  ["a name twice", file('{"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}', 0), /"w" occurs twice/],
  ["metadata that are no strings", file('{"__metadata__":{"a":1}}', 0), /other than strings/],
  ["a bool that is 2", file('{"w":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}}', 1).fill(2, -1), /other than 0 and 1/],
])("%s is refused", async (_, bytes, message) => {
  await expect(read(bytes)).rejects.toThrow(FileError);
  await expect(read(bytes)).rejects.toThrow(message);
});

test("every difference from what was expected is named at once", async () => {
  const path = join(folder, "expected.safetensors");
  await writeSafetensors(path, tensors);
  const { mask, ...rest } = tensors;
  const expected = { ...rest, weight: { shape: [3, 2], dtype: "float32" }, bias: { shape: [3], dtype: "float32" } } as const;
  await expect(readSafetensors(path, { expect: expected })).rejects.toThrow(
    /weight is float32 \[2,3\], not float32 \[3,2\]\n {2}missing: bias, float32 \[3\]\n {2}unexpected: mask/,
  );
  expect(mask?.dtype).toBe("bool");
});

test("a damaged byte anywhere gives a clear error or another value, never anything else", async () => {
  const path = join(folder, "fuzz.safetensors");
  await writeSafetensors(path, tensors);
  const good = new Uint8Array(await readFile(path));
  let state = 12345;
  const random = (below: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % below;
  let refused = 0;
  for (let round = 0; round < 600; round++) {
    const bytes = good.slice(0, round % 3 === 0 ? random(good.length) : good.length);
    if (bytes.length > 0) for (let hit = 0; hit < 1 + (round % 2); hit++) bytes[random(Math.min(bytes.length, 400))] = random(256);
    const outcome = await read(bytes).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      if (!(outcome instanceof FileError)) throw outcome;
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(300);
});

test("a write that fails leaves the file that was there, and nothing else", async () => {
  const place = await mkdtemp(join(folder, "kept-"));
  const path = join(place, "model.safetensors");
  await writeSafetensors(path, tensors);
  const wrong = { w: { shape: [3], dtype: "float32", data: new Float32Array(2) } } as const;
  await expect(writeSafetensors(path, wrong)).rejects.toThrow(/"w" has 2 values and shape \[3\] holds 3/);
  await expect(writeSafetensors(path, { w: { shape: [2], dtype: "float32", data: new Int32Array(2) } })).rejects.toThrow(/"w" is float32 and its data are a Int32Array/);
  await expect(writeSafetensors(join(place, "absent", "model.safetensors"), tensors)).rejects.toThrow(/was not written/);
  expect((await readSafetensors(path)).tensors).toEqual(tensors);
  expect(await readdir(place)).toEqual(["model.safetensors"]);
});
