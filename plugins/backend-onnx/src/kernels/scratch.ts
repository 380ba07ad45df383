import { webAssembly } from "@ansatz/simd";

/**
 * Elements that a kernel works through at a time: small enough that what several tensors hold of them stays in the
 * processor's cache.
 */
export const chunk = 8_192;

/** Tensors, and scalars, that one kernel may name. */
export const mostTensors = 32;
export const mostScalars = 256;

const bytesPerChunk = 4 * chunk;

/**
 * Large arrays begin at a page, and copying between equal places of two pages is several times slower: the slots begin
 * half a page further on.
 */
const firstSlot = 2_048;
/** WebAssembly counts memory in these. */
export const pageBytes = 65_536;

/** Where a tensor's chunk lies in the scratch memory, in bytes. */
export function slotOffset(tensor: number): number {
  return firstSlot + tensor * bytesPerChunk;
}

/** What a kernel is told of tensors at these addresses and of as many scalars: each is one row. */
export function placesOf(addresses: readonly number[], scalars: number): readonly number[] {
  return [...addresses, ...Array.from({ length: scalars }, (_, i) => 4 * i)].flatMap((address) => [address, 0]);
}

/**
 * The small memory that all kernels work in; scalars first, then one slot a tensor. Tensors pass through it chunk by
 * chunk and live elsewhere.
 */
export class Scratch {
  readonly memory = new webAssembly.Memory({ initial: Math.ceil(slotOffset(mostTensors) / pageBytes) });
  readonly scalars = new Float32Array(this.memory.buffer, 0, mostScalars);

  /** The first elements of a tensor's slot. */
  slot(tensor: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, slotOffset(tensor), length);
  }
}
