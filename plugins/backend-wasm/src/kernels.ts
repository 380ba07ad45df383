import { Kernels, type Memory } from "@ansatz/simd";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

/** Kernels of our own, which work in the memory of tfjs's module. */
export const kernels = new Kernels();

/** The memory of tfjs's module, which names it only where threads share it. */
export function memoryOf({ wasm }: BackendWasm): Memory {
  const { wasmMemory, asm } = wasm as unknown as {
    readonly wasmMemory?: Memory;
    readonly asm: { readonly memory: Memory };
  };
  return wasmMemory ?? asm.memory;
}
