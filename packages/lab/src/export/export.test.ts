import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeRunFolder } from "../report/testing.ts";
import { RunError } from "../run-folder.ts";
import { exportRuns } from "./export-runs.ts";
import { crc32c } from "./tensorboard.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "export-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const odd = 'a "quoted", name\nof two lines';
const metrics = [
  { step: 1, loss: 2.5 },
  { step: 2, loss: 1e-7, [odd]: 3 },
  { step: 2, accuracy: 0.5 },
  { step: 10, loss: "NaN", accuracy: "-Infinity" },
];
const histograms = [{ step: 5, name: "weight", of: "gradient", edges: [-1, 0, 2], counts: [3, 4] }];

test("CSV: a row for each step, quoted as RFC 4180 says, empty if nothing was measured", async () => {
  const folder = makeRunFolder(join(root, "sorting/1"), { metrics });
  expect(await exportRuns(folder, { formats: ["csv"] })).toEqual([join(folder, "metrics.csv")]);
  expect(readFileSync(join(folder, "metrics.csv"), "utf8")).toBe(
    'step,loss,"a ""quoted"", name\nof two lines",accuracy\n1,2.5,,\n2,1e-7,3,0.5\n10,NaN,,-Infinity\n',
  );
});

test("Parquet: another library reads back the same table", async () => {
  const folder = makeRunFolder(join(root, "sorting/1"), { metrics });
  const [path] = await exportRuns(folder, { formats: ["parquet"] });
  const bytes = readFileSync(path!);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  expect(await parquetReadObjects({ file })).toEqual([
    { step: 1, loss: 2.5, [odd]: null, accuracy: null },
    { step: 2, loss: 1e-7, [odd]: 3, accuracy: 0.5 },
    { step: 10, loss: NaN, [odd]: null, accuracy: -Infinity },
  ]);
});

/** A message as its fields: numbers and bytes, by field number. */
function fieldsOf(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (number | Uint8Array)[]>();
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const value =
      type === 0 ? Number(reader.int64()) : type === 1 ? reader.double() : type === 5 ? reader.float() : reader.bytes();
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

test("TensorBoard: records with checksums of events with times, scalars, texts and histograms", async () => {
  const spent = [1, 2, 2, 10].map((step) => ({ step, seconds: step / 4 }));
  const samples = [{ step: 3, text: "Ahab" }];
  const folder = makeRunFolder(join(root, "sorting/1"), { metrics, samples, histograms, spent });
  await exportRuns(folder, { formats: ["tensorboard"] });
  await exportRuns(folder, { formats: ["tensorboard"] }); // replaces the first
  const [name, ...others] = readdirSync(join(folder, "tensorboard"));
  expect([name, others]).toEqual(["events.out.tfevents.1767268800.ansatz", []]);
  const bytes = readFileSync(join(folder, "tensorboard", name!));

  const values: unknown[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    const mask = (checksum: number) => (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
    expect([bytes.readUInt32LE(at + 8), bytes.readUInt32LE(at + 12 + length)]).toEqual([
      mask(crc32c(bytes.subarray(at, at + 8))),
      mask(crc32c(data)),
    ]);
    const event = fieldsOf(data);
    // A sample and a histogram have the time of the last step before them that was measured.
    const step = (event.get(2)?.[0] as number | undefined) ?? 0;
    expect(event.get(1)).toEqual([1767268800 + (step === 10 ? 10 : Math.min(step, 2)) / 4]);
    const summary = event.get(5)?.[0] as Uint8Array | undefined;
    if (summary === undefined) values.push(Buffer.from(event.get(3)![0] as Uint8Array).toString());
    else {
      const value = fieldsOf(fieldsOf(summary).get(1)![0] as Uint8Array);
      const histogram = value.has(5) ? fieldsOf(value.get(5)![0] as Uint8Array) : undefined;
      const text = value.has(8)
        ? Buffer.from(fieldsOf(value.get(8)![0] as Uint8Array).get(8)![0] as Uint8Array).toString()
        : undefined;
      const doubles = (field: number) => [
        ...new Float64Array(new Uint8Array(histogram!.get(field)![0] as Uint8Array).buffer),
      ];
      values.push([
        event.get(2)![0],
        Buffer.from(value.get(1)![0] as Uint8Array).toString(),
        value.get(2)?.[0] ??
          text ?? {
            low: histogram!.get(1)![0],
            high: histogram!.get(2)![0],
            count: histogram!.get(3)![0],
            limits: doubles(6),
            counts: doubles(7),
          },
      ]);
    }
    at += 16 + length;
  }
  expect(values).toEqual([
    "brain.Event:2",
    [1, "loss", 2.5],
    [2, "loss", Math.fround(1e-7)],
    [10, "loss", NaN],
    [2, odd, 3],
    [2, "accuracy", 0.5],
    [10, "accuracy", -Infinity],
    [3, "sample", "Ahab"],
    [5, "gradient/weight", { low: -1, high: 2, count: 7, limits: [-1, 0, 2], counts: [0, 3, 4] }],
  ]);
});

test("CRC-32C gives the known answers of RFC 3720, B.4", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});

test("all runs below a folder are exported, elsewhere if asked; a folder without runs is refused", async () => {
  makeRunFolder(join(root, "runs/a/1"), { metrics });
  makeRunFolder(join(root, "runs/b/sweep/1/2"), { metrics });
  expect(await exportRuns(join(root, "runs"), { formats: ["csv", "parquet"], output: join(root, "out") })).toEqual(
    ["a/1", "b/sweep/1/2"].flatMap((run) =>
      ["metrics.csv", "metrics.parquet"].map((file) => join(root, "out", run, file)),
    ),
  );
  await expect(exportRuns(join(root, "out"), { formats: ["csv"] })).rejects.toThrow(RunError);
});
