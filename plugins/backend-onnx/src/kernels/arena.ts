import { webAssembly } from "@ansatz/simd";
import { mostScalars, pageBytes } from "./scratch.ts";

/** The size of the largest 32-bit memory. */
export const mostBytes = 65_536 * pageBytes;

/**
 * A kernel is slow if several of its tensors begin at the same offset within a page, so each begins this many bytes
 * after the one before.
 */
const stagger = 640;
const page = 4_096;

/**
 * Plans where tensors will be in one memory. It is planned first because growing a memory detaches every view of it.
 */
export class ArenaPlan {
  #bytes = 4 * mostScalars;

  /** Reserves memory for a tensor, given its position among the tensors of its kernel, and returns the address. */
  place(elements: number, position: number): number {
    const aligned = Math.ceil(this.#bytes / 16) * 16;
    const address = aligned + ((((position * stagger - aligned) % page) + page) % page);
    this.#bytes = address + Math.ceil(elements / 4) * 16;
    return address;
  }

  /** The bytes planned so far. */
  get bytes(): number {
    return this.#bytes;
  }
}

/** A memory that holds the tensors of a program's updates, so that kernels can use them without copies. */
export class Arena {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly scalars: Float32Array;

  constructor({ bytes }: ArenaPlan) {
    this.memory = new webAssembly.Memory({ initial: Math.ceil(bytes / pageBytes) });
    this.scalars = new Float32Array(this.memory.buffer, 0, mostScalars);
  }

  view(address: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, length);
  }
}
