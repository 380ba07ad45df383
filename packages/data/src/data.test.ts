import { chmod, mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { key, type StateDict } from "@ansatz/core";
import { threefry2x32 } from "@ansatz/core/plugin";
import { beforeAll, describe, expect, test } from "vitest";
import {
  CharacterTokenizer,
  gpt2Tokenizer,
  loadSafetensors,
  mobyDick,
  SafetensorsError,
  saveSafetensors,
  TokenWindows,
  writeAtomically,
  WriteError,
  writeErrorOf,
  writing,
} from "./index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ansatz-data-"));
});

const state: StateDict = {
  "a.weight": { shape: [2, 3], dtype: "float32", data: Float32Array.of(1, 2, 3, 4, 5, NaN) },
  b: { shape: [], dtype: "int32", data: Int32Array.of(-7) },
  c: { shape: [3], dtype: "bool", data: Uint8Array.of(1, 0, 1) },
  empty: { shape: [0, 4], dtype: "float64", data: new Float64Array(0) },
};

async function bytesOf(tensors: StateDict): Promise<Buffer> {
  await saveSafetensors(join(folder, "valid.safetensors"), tensors);
  return readFile(join(folder, "valid.safetensors"));
}

async function load(bytes: Uint8Array): Promise<unknown> {
  await writeFile(join(folder, "tried.safetensors"), bytes);
  return loadSafetensors(join(folder, "tried.safetensors"));
}

function withHeader(header: unknown, data: Uint8Array): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

const wholeNumbers = (...values: bigint[]) => new Uint8Array(BigInt64Array.from(values).buffer);

describe("safetensors", () => {
  test("saved tensors are loaded bit for bit", async () => {
    await saveSafetensors(join(folder, "state.safetensors"), state, { note: "x" });
    expect(await loadSafetensors(join(folder, "state.safetensors"))).toEqual({
      tensors: state,
      metadata: { note: "x" },
    });
  });

  test.each([
    ["too short", Buffer.from("abc"), /too few/],
    ["a header longer than the file", withHeader("", new Uint8Array()).fill(255, 0, 4), /header claims/],
    ["invalid JSON", withHeader("{nope", new Uint8Array()), /isn't valid JSON/],
    ["an array", withHeader([], new Uint8Array()), /isn't a JSON object/],
    [
      "an unknown dtype",
      withHeader({ a: { dtype: "F8", shape: [1], data_offsets: [0, 1] } }, new Uint8Array(1)),
      /dtype 'F8'/,
    ],
    [
      "a negative length",
      withHeader({ a: { dtype: "F32", shape: [-1], data_offsets: [0, 4] } }, new Uint8Array(4)),
      /shape/,
    ],
    [
      "a size that does not fit",
      withHeader({ a: { dtype: "F32", shape: [2], data_offsets: [0, 4] } }, new Uint8Array(4)),
      /takes 4 bytes, but/,
    ],
    [
      "truncated data",
      withHeader({ a: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }, new Uint8Array(4)),
      /truncated/,
    ],
    [
      "trailing data",
      withHeader({ a: { dtype: "F32", shape: [1], data_offsets: [0, 4] } }, new Uint8Array(9)),
      /5 bytes after/,
    ],
    [
      "an overlap",
      withHeader(
        {
          a: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
          b: { dtype: "F32", shape: [1], data_offsets: [2, 6] },
        },
        new Uint8Array(6),
      ),
      /overlaps/,
    ],
    [
      "a name twice",
      withHeader(
        '{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}',
        new Uint8Array(),
      ),
      /"a" twice/,
    ],
    [
      "a field twice",
      withHeader('{"a":{"dtype":"F32","dtype":"I32","shape":[0],"data_offsets":[0,0]}}', new Uint8Array()),
      /"dtype" twice/,
    ],
    [
      "a bool that is 2",
      withHeader({ a: { dtype: "BOOL", shape: [1], data_offsets: [0, 1] } }, Uint8Array.of(2)),
      /neither true nor false/,
    ],
    ["metadata that isn't text", withHeader({ __metadata__: { version: 1 } }, new Uint8Array()), /record of texts/],
    ["metadata that is a list", withHeader({ __metadata__: ["a"] }, new Uint8Array()), /record of texts/],
    [
      "a number above 2³¹ − 1",
      withHeader({ a: { dtype: "I64", shape: [2], data_offsets: [0, 16] } }, wholeNumbers(7n, 2n ** 31n)),
      /"a" holds 2147483648 at place 1, which does not fit into int32/,
    ],
    [
      "a negative number where none can be",
      withHeader({ a: { dtype: "U64", shape: [1], data_offsets: [0, 8] } }, wholeNumbers(-1n)),
      /holds 18446744073709551615 at place 0, which does not fit into uint32/,
    ],
    [
      "more elements than numbers can count",
      withHeader({ a: { dtype: "U8", shape: [2 ** 52, 2 ** 52], data_offsets: [0, 4] } }, new Uint8Array(4)),
      /takes 4 bytes, but/,
    ],
    [
      "a hole",
      withHeader({ a: { dtype: "F32", shape: [1], data_offsets: [4, 8] } }, new Uint8Array(8)),
      /4 bytes before/,
    ],
  ])("%s is refused", async (_name, bytes, message) => {
    await expect(load(bytes)).rejects.toThrow(message);
  });

  const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;

  test.each(["dtype", "shape", "data_offsets", "itself"])(
    "a header whose %s is nested deeply is refused",
    async (field) => {
      const entry = { dtype: '"F32"', shape: "[0]", data_offsets: "[0,0]", [field]: deep };
      const { dtype, shape, data_offsets: offsets } = entry;
      const text = field === "itself" ? deep : `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
      await expect(load(withHeader(`{"a":${text}}`, new Uint8Array()))).rejects.toThrow(SafetensorsError);
      await writeFile(join(folder, "index.json"), `{"weight_map":{"a":${deep}}}`);
      await expect(loadSafetensors(join(folder, "index.json"))).rejects.toThrow(/isn't a safetensors file in/);
    },
  );

  test.each(["__proto__", "constructor", "toString", "a/../b"])("a tensor may be named %s", async (name) => {
    const odd = Object.fromEntries([[name, state["a.weight"]!]]);
    await saveSafetensors(join(folder, "odd.safetensors"), odd, Object.fromEntries([[name, "x"]]));
    const { tensors, metadata } = await loadSafetensors(join(folder, "odd.safetensors"));
    expect(Object.entries(tensors)).toEqual(Object.entries(odd));
    expect(Object.entries(metadata)).toEqual([[name, "x"]]);
  });

  test("each tensor begins at a multiple of its element's size, and keeps its place among the names", async () => {
    const mixed: StateDict = {
      flags: { shape: [3], dtype: "bool", data: Uint8Array.of(1, 0, 1) },
      wide: { shape: [1], dtype: "float64", data: Float64Array.of(0.1) },
      small: { shape: [1], dtype: "float32", data: Float32Array.of(0.5) },
    };
    const bytes = await bytesOf(mixed);
    const length = Number(bytes.readBigUInt64LE());
    const header = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Record<string, { data_offsets: number[] }>;
    expect(length % 8).toBe(0);
    for (const [name, size] of Object.entries({ flags: 1, wide: 8, small: 4 }))
      expect(header[name]!.data_offsets[0]! % size).toBe(0);
    const { tensors } = await loadSafetensors(join(folder, "valid.safetensors"));
    expect(Object.entries(tensors)).toEqual(Object.entries(mixed));
  });

  test("what cannot be saved is refused", async () => {
    const path = join(folder, "refused.safetensors");
    await expect(saveSafetensors(path, { __metadata__: state["b"]! })).rejects.toThrow(/the format reserves/);
    const short = { shape: [3], dtype: "float32" as const, data: Float32Array.of(1) };
    await expect(saveSafetensors(path, { short })).rejects.toThrow(/"short" has the shape \[3\], but 1 numbers/);
    await expect(saveSafetensors(path, state, { version: 1 as never })).rejects.toThrow(
      /"version" isn't text but number/,
    );
    expect(await readdir(folder)).not.toContain("refused.safetensors");
  });

  const fixture = (name: string) => join(import.meta.dirname, "..", "fixtures", name);

  test("numbers that Ansatz has no dtype for are converted as in PyTorch", async () => {
    const { tensors, metadata } = await loadSafetensors(fixture("stored-dtypes.safetensors"));
    expect(metadata).toEqual({ format: "pt" });
    for (const name of ["half", "brain"]) expect(tensors[name]).toEqual(tensors[`${name}/float32`]);
    expect(tensors["half"]!.data.length).toBeGreaterThan(600);
    expect(tensors["scalar"]).toEqual({ shape: [], dtype: "float32", data: Float32Array.of(1.5) });
    const whole = (name: string) => [tensors[name]!.dtype, ...tensors[name]!.data];
    expect(whole("I8")).toEqual(["int32", -128, -1, 0, 127]);
    expect(whole("U8")).toEqual(["int32", 0, 127, 128, 255]);
    expect(whole("I16")).toEqual(["int32", -32768, 32767]);
    expect(whole("U16")).toEqual(["int32", 0, 65535]);
    expect(whole("I64")).toEqual(["int32", -(2 ** 31), -1, 0, 2 ** 31 - 1]);
    expect(whole("U64")).toEqual(["uint32", 0, 2 ** 32 - 1]);
  });

  test("a model in several files is loaded by its index", async () => {
    const { tensors } = await loadSafetensors(fixture("model.safetensors.index.json"));
    expect(Object.entries(tensors).map(([name, { shape, dtype }]) => [name, shape, dtype])).toEqual([
      ["embedding.weight", [3, 2], "float32"],
      ["head.bias", [2], "float32"],
      ["head.weight", [2, 3], "float32"],
    ]);
  });

  test.each([
    ["no map", {}, /no record "weight_map"/],
    [
      "a file elsewhere",
      { weight_map: { a: "../one.safetensors" } },
      /isn't a safetensors file in the index's own folder/,
    ],
    [
      "a tensor that is not there",
      { weight_map: { a: "one.safetensors", z: "one.safetensors" } },
      /one.safetensors lacks "z"/,
    ],
    [
      "a tensor that it does not list",
      { weight_map: { b: "one.safetensors" } },
      /does not list "a" of one.safetensors/,
    ],
    ["a file that is not there", { weight_map: { a: "none.safetensors" } }, /none.safetensors cannot be read/],
  ])("an index with %s is refused", async (_name, index, message) => {
    await saveSafetensors(join(folder, "one.safetensors"), { a: state["b"]!, b: state["b"]! });
    await writeFile(join(folder, "index.json"), JSON.stringify(index));
    await expect(loadSafetensors(join(folder, "index.json"))).rejects.toThrow(SafetensorsError);
    await expect(loadSafetensors(join(folder, "index.json"))).rejects.toThrow(message);
  });

  test("a file with random bytes changed, or cut anywhere, loads whole or is refused, and never crashes", async () => {
    const valid = await bytesOf(state);
    for (let i = 0; i < 300; i++) {
      const [at, value] = threefry2x32(1, 2, i, 0);
      const bytes = Buffer.from(i % 2 === 0 ? valid : valid.subarray(0, at % valid.length));
      if (i % 2 === 0) bytes[at % bytes.length] = value & 255;
      await load(bytes).catch((error: unknown) => expect(error).toBeInstanceOf(SafetensorsError));
    }
  });

  test("if a file cannot be written, the earlier one is untouched", async () => {
    await expect(saveSafetensors(join(folder, "no", "such", "folder"), state)).rejects.toThrow(
      /cannot be written: its folder does not exist \(ENOENT\)\n {2}make the folder first/,
    );
    await writeFile(join(folder, "file"), "kept");
    const below = saveSafetensors(join(folder, "file", "below"), state);
    await expect(below).rejects.toThrow(WriteError);
    await expect(below).rejects.toThrow(/a part of the path is a file, not a folder \(ENOTDIR\)/);
    await mkdir(join(folder, "taken", "inside"), { recursive: true });
    await expect(saveSafetensors(join(folder, "taken"), state)).rejects.toThrow(/there is a folder with that name/);
    expect(await readFile(join(folder, "file"), "utf8")).toBe("kept");
    expect((await readdir(folder)).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  test.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
    "where writing is not permitted, the earlier file is untouched (skipped as root, who may write anywhere)",
    async () => {
      const locked = join(folder, "locked");
      await mkdir(locked);
      await saveSafetensors(join(locked, "state.safetensors"), state);
      await chmod(locked, 0o500);
      await expect(saveSafetensors(join(locked, "state.safetensors"), {})).rejects.toThrow(
        /permission is denied \(EACCES\)\n {2}give yourself permission/,
      );
      expect((await loadSafetensors(join(locked, "state.safetensors"))).tensors).toEqual(state);
      await chmod(locked, 0o700);
    },
  );

  test("a full device gives a clear error; other errors stay as they are", async () => {
    const error = Object.assign(new Error("ENOSPC: no space left on device, write"), {
      code: "ENOSPC",
      syscall: "write",
    });
    expect(String(writeErrorOf("a/b", error))).toBe(
      "WriteError: a/b cannot be written: there is no space left on the device (ENOSPC)\n" +
        "  free some space, then try again; an earlier file with that name is untouched",
    );
    const other = new TypeError("no error of the file system");
    expect(writeErrorOf("a/b", other)).toBe(other);
    await expect(writing("a/b", () => Promise.reject(error))).rejects.toThrow(WriteError);
  });

  test("a missing file, and a folder, give clear errors", async () => {
    await expect(loadSafetensors(folder)).rejects.toThrow(/is a folder\n {2}give .* model.safetensors.index.json/);
    await expect(loadSafetensors(join(folder, "absent"))).rejects.toThrow(/absent cannot be read: ENOENT/);
  });
});

test("a file is written as a whole, and replaces the earlier one", async () => {
  const path = join(folder, "whole");
  await writeAtomically(path, [Uint8Array.of(1, 2, 3)]);
  await writeAtomically(path, [Uint8Array.of(4), Float32Array.of(0)]);
  expect([...(await readFile(path))]).toEqual([4, 0, 0, 0, 0]);
});

describe("text", () => {
  test("the tokenizers decode what they encode", async () => {
    const text = mobyDick();
    expect(text).toHaveLength(1_213_144);
    const characters = new CharacterTokenizer(text);
    expect(characters.vocabularySize).toBe(89);
    expect(characters.decode(characters.encode(text.slice(2000, 3000)))).toBe(text.slice(2000, 3000));
    expect(() => characters.encode("€")).toThrow(/"€" is not among/);
    const pairs = await gpt2Tokenizer();
    expect([...pairs.encode("Hello world")]).toEqual([15496, 995]); // as OpenAI's own encoder has it
    expect(pairs.decode(pairs.encode(text.slice(5000, 6000)))).toBe(text.slice(5000, 6000));
    const mark = pairs.encode("a<|endoftext|>b"); // in a text it is only text
    expect([...mark]).not.toContain(50256);
    expect(pairs.decode(mark)).toBe("a<|endoftext|>b");
  });

  test("a window's target is its input, shifted by one token; a batch depends on key and step alone", async () => {
    const windows = new TokenWindows(
      Int32Array.from({ length: 100 }, (_, i) => i),
      8,
    );
    const { input, target } = windows.random(key(1), 5, 3);
    expect(input.shape).toEqual([3, 8]);
    const [x, y] = [await input.data(), await target.data()];
    expect([...y]).toEqual([...x].map((token) => token + 1));
    expect(await windows.random(key(1), 5, 3).input.data()).toEqual(x);
    expect(await windows.random(key(1), 6, 3).input.data()).not.toEqual(x);
    expect([...windows.inOrder(4)]).toHaveLength(3);
    expect(() => new TokenWindows(new Int32Array(8), 8)).toThrow(/do not fill/);
    const [first, rest] = TokenWindows.split(
      Int32Array.from({ length: 31 }, (_, i) => i),
      2,
      0.9,
    );
    expect([[...first.tokens].length, [...rest.tokens]]).toEqual([27, [27, 28, 29, 30]]);
    expect(() => TokenWindows.split(new Int32Array(30), 8, 0.9)).toThrow(/3 tokens do not fill/);
  });
});
