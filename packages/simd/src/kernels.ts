import { assembleElementwise } from "./assemble-elementwise.ts";
import { assembleColumnSums } from "./column-sums.ts";
import { webAssembly, type KernelMemory } from "./web-assembly.ts";
import { type Expression, keyOf } from "./expression.ts";
import { assembleTranspose } from "./transpose.ts";

/**
 * Evaluates an expression on a number of rows, at least 1, of a number of columns. For each tensor two numbers follow:
 * its address, and the number of bytes from one row to the next, which is 0 if all rows read the same elements. The
 * elements of a row are contiguous.
 */
export type ElementwiseKernel = (rows: number, columns: number, ...places: number[]) => void;

/** Reads a matrix of floats at one address and writes its result to another. */
export type MatrixKernel = (rows: number, columns: number, from: number, to: number) => void;

/** The kernels of a backend: one module for each, and one instance for each memory that it works in. */
export class SimdKernels {
  readonly #modules = new Map<string, object>();
  readonly #instances = new WeakMap<KernelMemory, Map<string, unknown>>();

  elementwise(expression: Expression, memory: KernelMemory): ElementwiseKernel {
    return this.#get(keyOf(expression), memory, (shared) =>
      assembleElementwise(expression, shared),
    ) as ElementwiseKernel;
  }

  /** Transposes the matrix. */
  transpose(memory: KernelMemory): MatrixKernel {
    return this.#get("transpose", memory, assembleTranspose) as MatrixKernel;
  }

  /** Sums the rows of the matrix into one row. */
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
