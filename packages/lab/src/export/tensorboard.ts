import type { Histogram } from "../diagnose/histogram-log.ts";
import type { RecordedRun } from "../report/recorded-run.ts";
import { MessageWriter } from "./protobuf.ts";

/** The number of the type string in TensorFlow (types.proto). */
const stringType = 7;

/**
 * A run as a TensorBoard event file: curves as scalars, samples as texts, and histograms.
 *
 * The format is a sequence of records: the length, its masked CRC-32C, an Event message, its masked CRC-32C
 * (tensorflow/core/util/event.proto, framework/summary.proto, lib/io/record_writer.cc). An event has the time at which
 * the run started, and the seconds of work until its step, or until the last one before it that was measured.
 */
export function toTensorboard(run: RecordedRun, histograms: readonly Histogram[]): Uint8Array[] {
  const { curves, samples, about, spent } = run;
  const started = Date.parse(String(about["started"])) / 1_000 || 0;
  const { steps = [], values: seconds = [] } = spent.get("seconds") ?? {};
  const known = new Map(steps.map((step, i) => [step, seconds[i]!]));
  const secondsAt = (step: number) => known.get(step) ?? seconds[steps.findLastIndex((one) => one <= step)] ?? 0;
  const event = (step: number | undefined, write: (event: MessageWriter) => void) => {
    const message = new MessageWriter().double(1, started + (step === undefined ? 0 : secondsAt(step)));
    if (step !== undefined) message.integer(2, step);
    write(message);
    return recordOf(message.finish());
  };
  const summary = (step: number, tag: string, value: (value: MessageWriter) => void) =>
    event(step, (e) => e.message(5, (s) => s.message(1, (v) => value(v.text(1, tag)))));
  return [
    event(undefined, (e) => e.text(3, "brain.Event:2")),
    ...[...curves].flatMap(([name, { steps, values }]) =>
      steps.map((step, i) => summary(step, name, (value) => value.float(2, values[i]!))),
    ),
    ...samples.map(({ step, text }) =>
      summary(step, "sample", (value) =>
        value
          .message(8, (tensor) =>
            tensor
              .integer(1, stringType)
              .message(2, (shape) => shape.message(2, (size) => size.integer(1, 1)))
              .text(8, text),
          )
          .message(9, (metadata) => metadata.message(1, (plugin) => plugin.text(1, "text"))),
      ),
    ),
    ...histograms.map(({ step, name, of, edges, counts }) =>
      summary(step, `${of}/${name}`, (value) =>
        value.message(5, (histogram) => writeHistogram(histogram, edges, counts)),
      ),
    ),
  ];
}

/**
 * Writes a histogram. Its sums use the centres of the bins, and an empty bin in front marks where the first one begins.
 */
function writeHistogram(message: MessageWriter, edges: readonly number[], counts: readonly number[]): void {
  const middles = counts.map((_, i) => (edges[i]! + edges[i + 1]!) / 2);
  const moment = (power: number) => counts.reduce((sum, count, i) => sum + count * middles[i]! ** power, 0);
  message.double(1, edges[0]!).double(2, edges.at(-1)!);
  for (const power of [0, 1, 2]) message.double(3 + power, moment(power));
  message.doubles(6, edges).doubles(7, [0, ...counts]);
}

function recordOf(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(16 + data.length);
  record.writeBigUInt64LE(BigInt(data.length));
  record.writeUInt32LE(masked(crc32c(record.subarray(0, 8))), 8);
  record.set(data, 12);
  record.writeUInt32LE(masked(crc32c(data)), 12 + data.length);
  return record;
}

/** The Castagnoli polynomial, bits reversed. */
const polynomial = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, i) => {
  let remainder = i;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ polynomial : remainder >>> 1;
  return remainder;
});

/**
 * CRC-32C, RFC 3720.
 *
 * @example crc32c(new TextEncoder().encode("123456789"))  // 0xe3069283
 */
export function crc32c(data: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of data) remainder = (remainder >>> 8) ^ table[(remainder ^ byte) & 255]!;
  return (remainder ^ 0xffffffff) >>> 0;
}

/** A checksum as TensorFlow writes it, masked because the data may contain checksums. */
function masked(checksum: number): number {
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}
