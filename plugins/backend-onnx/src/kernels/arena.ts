import { webAssembly } from "@ansatz/simd";
import { mostScalars, pageBytes } from "./scratch.ts";

/** What a 32-bit memory holds. */
export const mostBytes = 65_536 * pageBytes;

/**
 * Tensors of one kernel that began at equal places of two pages would hold each other up: each begins this much further
 * on.
 */
const stagger = 640;
const page = 4_096;

/** Where tensors will lie in one memory: planned first, since a memory that grows would cut off every view of it. */
export class ArenaPlan {
  #bytes = 4 * mostScalars;

  /** The address of the tensor at a position among its kernel's. */
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

/** A memory in which the tensors of a program's updates live, so that kernels work on them where they are. */
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
