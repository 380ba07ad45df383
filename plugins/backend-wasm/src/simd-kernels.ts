import { SimdKernels, type KernelMemory } from "@ansatz/simd";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";

/** SimdKernels of Ansatz's own, which work in the memory of tfjs's module. */
export const simdKernels = new SimdKernels();

/** The memory of tfjs's module, which has the name `wasmMemory` only if threads share it. */
export function memoryOf({ wasm }: BackendWasm): KernelMemory {
  const { wasmMemory, asm } = wasm as unknown as {
    readonly wasmMemory?: KernelMemory;
    readonly asm: { readonly memory: KernelMemory };
  };
  return wasmMemory ?? asm.memory;
}
