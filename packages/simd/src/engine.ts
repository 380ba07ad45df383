/** A WebAssembly memory. */
export interface Memory {
  readonly buffer: ArrayBufferLike;
}

/** WebAssembly's JavaScript interface, as far as kernels use it; its types otherwise come with browsers' only. */
interface Engine {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, object>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

export const engine = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
