import { assemble } from "./assemble.ts";
import { assembleColumnSums } from "./column-sums.ts";
import { webAssembly, type KernelMemory } from "./web-assembly.ts";
import { type Expression, keyOf } from "./expression.ts";
import { assembleTranspose } from "./transpose.ts";

/**
 * Carries an expression out on so many rows, 1 or more, of so many columns. For each tensor two numbers follow: its
 * address, and the bytes from one row to the next, 0 where all rows read the same. Columns lie next to each other.
 */
export type ElementwiseKernel = (rows: number, columns: number, ...places: number[]) => void;

/** Reads a matrix of floats at one address, and writes what becomes of it to another. */
export type MatrixKernel = (rows: number, columns: number, from: number, to: number) => void;

/** The kernels of a backend: a module for each, and an instance for each memory that it works in. */
export class SimdKernels {
  readonly #modules = new Map<string, object>();
  readonly #instances = new WeakMap<KernelMemory, Map<string, unknown>>();

  elementwise(expression: Expression, memory: KernelMemory): ElementwiseKernel {
    return this.#get(keyOf(expression), memory, (shared) => assemble(expression, shared)) as ElementwiseKernel;
  }

  /** Writes the matrix with rows as columns. */
  transpose(memory: KernelMemory): MatrixKernel {
    return this.#get("transpose", memory, assembleTranspose) as MatrixKernel;
  }

  /** Writes one row, the sum of all. */
  columnSums(memory: KernelMemory): MatrixKernel {
    return this.#get("columnSums", memory, assembleColumnSums) as MatrixKernel;
  }

  #get(name: string, memory: KernelMemory, make: (shared: boolean) => Uint8Array<ArrayBuffer>): unknown {
    const shared = !(memory.buffer instanceof ArrayBuffer);
    let instances = this.#instances.get(memory);
    if (instances === undefined) this.#instances.set(memory, (instances = new Map()));
    let run = instances.get(name);
    if (run === undefined) {
      const key = `${name} ${shared}`;
      const module = this.#modules.get(key) ?? new webAssembly.Module(make(shared));
      this.#modules.set(key, module);
      run = new webAssembly.Instance(module, { memory: { memory } }).exports["run"];
      instances.set(name, run);
    }
    return run;
  }
}
