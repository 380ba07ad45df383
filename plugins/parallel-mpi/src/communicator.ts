import type { Communicator } from "@ansatz/core";
import type { Layout, MpiLibrary } from "./library.ts";

type Values = Float32Array | Float64Array;

/**
 * The processes that a library connects. One call of MPI moves at most so many bytes, since its counts are 32-bit.
 *
 * A sum is computed in shares, one for each process: it receives its share from all others, adds them up in the order
 * of the ranks, and sends the result to all. Each of n processes sends 2 (n − 1) / n times the bytes of the values.
 * Thakur, Rabenseifner & Gropp 2005, doi:10.1177/1094342005051521.
 */
export function communicatorOf(library: MpiLibrary, mostBytes = 2 ** 30): Communicator {
  const [rank, size] = [library.rank(), library.size()];
  let room = new ArrayBuffer(0); // for what arrives, used again
  const roomFor = (values: Values, length: number): Values => {
    const bytes = length * values.BYTES_PER_ELEMENT;
    if (room.byteLength < bytes) room = new ArrayBuffer(bytes);
    return values instanceof Float32Array ? new Float32Array(room, 0, length) : new Float64Array(room, 0, length);
  };
  const sumInOrder = (values: Values): void => {
    const share = Math.ceil(values.length / size);
    const shares = Array.from({ length: size }, (_, i) => Math.max(0, Math.min(share, values.length - i * share)));
    const own = shares[rank]!;
    const received = roomFor(values, own * size);
    const equal = shares.map(() => own);
    library.allToAll(layoutOf(values, shares), layoutOf(received, equal));
    const total = received.subarray(0, own);
    for (let start = own; start < received.length; start += own)
      for (let i = 0; i < own; i++) total[i]! += received[start + i]!;
    library.allGather(bytesOf(total), layoutOf(values, shares));
  };
  return {
    spec: 1,
    name: `${library.name}, rank ${rank} of ${size}`,
    rank,
    size,
    async sum(values) {
      await allReady(library);
      for (const part of partsOf(values, mostBytes)) sumInOrder(part);
    },
    async broadcast(values) {
      await allReady(library);
      for (const part of partsOf(values, mostBytes)) library.broadcast(bytesOf(part));
    },
  };
}

/** So long a wait is cheaper awake than asleep, in milliseconds. */
const awake = 0.05;
/** A process that waits longer than this also looks at its signals and timers, in milliseconds. */
const patient = 5;
const asleep = new Int32Array(new SharedArrayBuffer(4));

/**
 * Waits until all processes want to exchange. MPI itself would wait at full speed, and take a core from processes that
 * still compute if there are more of them than cores. A nap is at most a tenth of the wait so far.
 */
async function allReady(library: MpiLibrary): Promise<void> {
  const started = performance.now();
  for (const areReady = library.arrive(); !areReady();) {
    const waited = performance.now() - started;
    if (waited > awake) Atomics.wait(asleep, 0, 0, Math.min(1, waited / 10));
    if (waited > patient) await new Promise((resolve) => setImmediate(resolve));
  }
}

function* partsOf(values: Values, mostBytes: number): Generator<Values> {
  const most = mostBytes / values.BYTES_PER_ELEMENT;
  for (let start = 0; start < values.length; start += most) yield values.subarray(start, start + most);
}

function bytesOf({ buffer, byteOffset, byteLength }: Values): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Parts of an array that follow one another, of these numbers of elements. */
function layoutOf(values: Values, lengths: readonly number[]): Layout {
  const counts = Int32Array.from(lengths, (length) => length * values.BYTES_PER_ELEMENT);
  let end = 0;
  const starts = counts.map((count) => (end += count) - count);
  return { bytes: bytesOf(values), counts, starts };
}
