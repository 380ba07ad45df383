/** A WebAssembly memory that kernels read and write. */
export interface KernelMemory {
  readonly buffer: ArrayBufferLike;
}

/** The part of WebAssembly's JavaScript interface that kernels use. TypeScript has types for it only with the DOM's. */
interface WebAssemblyInterface {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, object>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyInterface }).WebAssembly;
