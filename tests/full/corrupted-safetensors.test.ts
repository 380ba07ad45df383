import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSafetensors, SafetensorsError } from "@ansatz/data";
import { afterAll, expect, test } from "vitest";
import { damaged, Draws, fileOf, forgeHeader, partsOf, type HeaderEntry } from "./damages.ts";

const folder = mkdtempSync(join(tmpdir(), "corrupted-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** How each dtype is read, written here once more. */
const readers: Readonly<Record<string, readonly [bytes: number, (view: DataView, at: number) => number]>> = {
  F64: [8, (view, at) => view.getFloat64(at, true)],
  I64: [8, (view, at) => Number(view.getBigInt64(at, true))],
  U64: [8, (view, at) => Number(view.getBigUint64(at, true))],
  F32: [4, (view, at) => view.getFloat32(at, true)],
  I32: [4, (view, at) => view.getInt32(at, true)],
  U32: [4, (view, at) => view.getUint32(at, true)],
  F16: [2, (view, at) => halfOf(view.getUint16(at, true))],
  BF16: [2, (view, at) => new DataView(Uint32Array.of(view.getUint16(at, true) << 16).buffer).getFloat32(0, true)],
  I16: [2, (view, at) => view.getInt16(at, true)],
  U16: [2, (view, at) => view.getUint16(at, true)],
  I8: [1, (view, at) => view.getInt8(at)],
  U8: [1, (view, at) => view.getUint8(at)],
  BOOL: [1, (view, at) => view.getUint8(at)],
};

function halfOf(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size =
    exponent === 31
      ? fraction === 0
        ? Infinity
        : NaN
      : (exponent > 0 ? 1024 + fraction : fraction * 2) * 2 ** (exponent - 25);
  return bits >> 15 === 1 ? -size : size;
}

/** A file with four numbers of each dtype, and what its tensors hold. */
function good(): Buffer {
  const header: Record<string, HeaderEntry> = {};
  const data: number[] = [];
  for (const [dtype, [bytes]] of Object.entries(readers)) {
    const start = data.length;
    // Small numbers, so that each fits: the lowest byte of an integer, the highest of a float.
    for (let i = 0; i < 4; i++)
      for (let at = 0; at < bytes; at++)
        data.push(/F/.test(dtype) ? (at === bytes - 1 ? 0x3f : i * 16) : at > 0 ? 0 : dtype === "BOOL" ? i % 2 : i * 9);
    header[`layer.${dtype}`] = { dtype, shape: [2, 2], data_offsets: [start, data.length] };
  }
  return fileOf({ __metadata__: { format: "pt" }, ...header }, Uint8Array.from(data));
}

/** The tensors of a file, read without any check. */
function tensorsOf(file: Buffer): Record<string, { shape: unknown; numbers: number[] }> {
  const { header, data } = partsOf(file);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  return Object.fromEntries(
    entries.map(([name, { dtype, shape, data_offsets: offsets }]) => {
      const [bytes, read] = readers[dtype as string]!;
      const [start, end] = offsets as [number, number];
      return [
        name,
        { shape, numbers: Array.from({ length: (end - start) / bytes }, (_, i) => read(view, start + i * bytes)) },
      ];
    }),
  );
}

test.runIf(process.env["ANSATZ_TEST_FULL"] !== undefined)(
  "10,000 corrupted safetensors files: each a clear error, or just what the file says",
  async () => {
    const file = good();
    const path = join(folder, "file.safetensors");
    const kinds = { errors: 0, loads: 0 };
    const count = 10_000;
    const began = performance.now();
    for (let i = 0, done = 0; done < count; i++) {
      const draws = new Draws(i);
      let bad: Buffer | undefined;
      let what = "";
      if (i % 2 === 0) ({ bad, what } = damaged(file, (i / 2) % (count / 2), count / 2) ?? { bad: undefined, what });
      else {
        const { header, data } = partsOf(file);
        forgeHeader(header, draws);
        what = JSON.stringify(header).slice(0, 2_000);
        const length =
          draws.below(20) === 0 ? draws.of([2n ** 53n, 2n ** 53n - 1n, 2n ** 63n, 2n ** 64n - 1n]) : undefined;
        bad = fileOf(header, data, length);
      }
      if (bad === undefined || bad.equals(file)) continue;
      done++;
      writeFileSync(path, bad);
      const loaded = await loadSafetensors(path).catch((error: unknown) => error);
      if (loaded instanceof Error) {
        if (!(loaded instanceof SafetensorsError)) throw new Error(what, { cause: loaded });
        expect(loaded.message, what).toMatch(/file\.safetensors [^]*\n {2}\w/);
        kinds.errors++;
      } else {
        const { tensors } = loaded as Awaited<ReturnType<typeof loadSafetensors>>;
        const read = Object.entries(tensors).map(([name, { shape, data }]) => [
          name,
          { shape, numbers: Array.from(data) },
        ]);
        expect(Object.fromEntries(read), what).toEqual(tensorsOf(bad));
        kinds.loads++;
      }
      expect(Object.keys(Object.prototype)).toEqual([]);
    }
    const seconds = ((performance.now() - began) / 1_000).toFixed(0);
    console.log(`${kinds.errors} errors and ${kinds.loads} right loads in ${seconds} s`);
    expect(kinds.errors).toBeGreaterThan(count / 2);
    expect(kinds.loads).toBeGreaterThan(count / 100);
  },
  600_000,
);
