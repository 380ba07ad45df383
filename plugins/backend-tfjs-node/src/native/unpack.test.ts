import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { metadataOf, unpack } from "./unpack.ts";

const { signal } = new AbortController();
let folder = "";
let wheel = "";

/**
 * An archive of files without compression (PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16). The first file is
 * executable.
 */
function zip(files: Readonly<Record<string, string>>): Buffer {
  const numbers = (...fields: readonly (readonly [bytes: 2 | 4, value: number])[]) =>
    Buffer.concat(
      fields.map(([bytes, value]) => {
        const buffer = Buffer.alloc(bytes);
        buffer.writeUIntLE(value, 0, bytes);
        return buffer;
      }),
    );
  const [local, central]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [i, [name, text]] of Object.entries(files).entries()) {
    const common = numbers(
      [2, 20],
      [2, 0],
      [2, 0],
      [4, 0],
      [4, crc32(text)],
      [4, text.length],
      [4, text.length],
      [2, name.length],
      [2, 0],
    );
    central.push(
      numbers([4, 0x02014b50], [2, 20 + (3 << 8)]),
      common,
      numbers([2, 0], [2, 0], [2, 0], [4, (i === 0 ? 0o755 : 0o644) * 2 ** 16], [4, offset]),
      Buffer.from(name),
    );
    local.push(numbers([4, 0x04034b50]), common, Buffer.from(name + text));
    offset += 30 + name.length + text.length;
  }
  const directory = Buffer.concat(central);
  const count = Object.keys(files).length;
  return Buffer.concat([
    ...local,
    directory,
    numbers([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, directory.length], [4, offset], [2, 0]),
  ]);
}

beforeEach(() => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  folder = mkdtempSync(join(tmpdir(), "unpack-"));
  wheel = join(folder, "a.whl");
  writeFileSync(
    wheel,
    zip({ "bin/tool": "run me", "lib/a.so": "library", "lib/a.py": "python", "a-1.0.dist-info/METADATA": "Name: a" }),
  );
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

test("files that have a place are written there, with their permissions", async () => {
  await unpack(
    wheel,
    join(folder, "out"),
    (name) => (name.endsWith(".py") || name.includes("info") ? undefined : name.replace("lib/", "libraries/")),
    signal,
  );
  expect(readdirSync(join(folder, "out"), { recursive: true }).toSorted()).toEqual([
    "bin",
    "bin/tool",
    "libraries",
    "libraries/a.so",
  ]);
  expect(readFileSync(join(folder, "out/libraries/a.so"), "utf8")).toBe("library");
  expect(statSync(join(folder, "out/bin/tool")).mode & 0o111).not.toBe(0);
});

test("the metadata is found", async () => {
  expect(await metadataOf(wheel)).toBe("Name: a");
});

test("unpacking can be stopped", async () => {
  await expect(unpack(wheel, join(folder, "out"), (name) => name, AbortSignal.abort())).rejects.toThrow(/abort/);
});
