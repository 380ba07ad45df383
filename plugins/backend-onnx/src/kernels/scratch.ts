import { webAssembly } from "@ansatz/simd";

/** The number of elements in a chunk: so few that the chunks of several tensors stay in the processor's cache. */
export const chunk = 8_192;

/** The most tensors, and the most scalars, that one kernel may use. */
export const mostTensors = 32;
export const mostScalars = 256;

const bytesPerChunk = 4 * chunk;

/**
 * Large arrays begin at a page, and a copy between equal offsets of two pages is several times slower, so the slots
 * begin half a page later.
 */
const firstSlot = 2_048;
/** The size of a page of WebAssembly memory. */
export const pageBytes = 65_536;

/** The offset of a tensor's slot in the scratch memory, in bytes. */
export function slotOffset(tensor: number): number {
  return firstSlot + tensor * bytesPerChunk;
}

/** The arguments of a kernel for tensors at these addresses and for a number of scalars, each of them one row. */
export function placesOf(addresses: readonly number[], scalars: number): readonly number[] {
  return [...addresses, ...Array.from({ length: scalars }, (_, i) => 4 * i)].flatMap((address) => [address, 0]);
}

/**
 * A small memory that kernels work in: scalars first, then one slot for each tensor. Tensors stay in their own memory
 * and are copied through their slots chunk by chunk.
 */
export class Scratch {
  readonly memory = new webAssembly.Memory({ initial: Math.ceil(slotOffset(mostTensors) / pageBytes) });
  readonly scalars = new Float32Array(this.memory.buffer, 0, mostScalars);

  /** A view of the first elements of a tensor's slot. */
  slot(tensor: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, slotOffset(tensor), length);
  }
}
