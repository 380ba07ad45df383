import type { Backend, BackendBuffer } from "../contract/backend.ts";
import type { TensorType, TypedArray } from "../contract/dtype.ts";
import { BackendError, DisposedError } from "../contract/errors.ts";
import { showShape } from "../contract/shape.ts";

interface Held {
  readonly backend: Backend;
  readonly buffer: BackendBuffer;
}

/** Frees the buffers of storages that nothing refers to any more. */
const unreachable = new FinalizationRegistry<Held>(({ backend, buffer }) => {
  try {
    backend.free(buffer);
  } catch {
    // The backend was disposed of meanwhile and has freed everything. An error thrown here could not be caught.
  }
});

/** A value that exists: on the host, on a backend, or both. */
export class Storage {
  readonly type: TensorType;
  #host: TypedArray | undefined;
  #held: Held | undefined;
  #disposed = false;
  #runs = 0;

  constructor(type: TensorType, value: TypedArray | Held) {
    this.type = { shape: type.shape, dtype: type.dtype }; // not the object itself: a cell may change its dtype
    if (ArrayBuffer.isView(value)) this.#host = value;
    else this.#hold(value);
  }

  /** The host's copy, if there is one. */
  get host(): TypedArray | undefined {
    return this.#host;
  }

  /** Where a value is that the host has no copy of, such as "on onnx". */
  get place(): string | undefined {
    return this.#held && `on ${this.#held.backend.name}`;
  }

  /**
   * A buffer for one run. A host value that is used once, as a batch is, does not stay on the backend; one used again
   * does, and a resident one is only there from then on.
   * @throws BackendError when the value lives on another backend, DisposedError
   */
  bind(backend: Backend, resident: boolean): { buffer: BackendBuffer; transient: boolean } {
    this.check();
    if (this.#held !== undefined) {
      if (this.#held.backend !== backend) {
        throw new BackendError(
          `a ${showShape(this.type.shape)} tensor lives on ${this.#held.backend.name} but ${backend.name} is in use\n` +
            `  read it with \`await x.data()\` while its backend is in use and create a new tensor from the values`,
        );
      }
      return { buffer: this.#held.buffer, transient: false };
    }
    const buffer = backend.upload(this.#host!, this.type.shape, this.type.dtype, resident);
    if (!resident && this.#runs++ === 0) return { buffer, transient: true };
    this.#hold({ backend, buffer });
    if (resident) this.#host = undefined; // so that parameters are not held twice
    return { buffer, transient: false };
  }

  /** Points at the buffer that holds the next value; the host's copy is out of date then. */
  replace(backend: Backend, buffer: BackendBuffer): void {
    const old = this.#held;
    this.#host = undefined;
    if (old?.buffer === buffer) return;
    this.#release();
    this.#hold({ backend, buffer });
  }

  /** Points at a new value on the host. */
  replaceHost(data: TypedArray): void {
    this.check();
    this.#release();
    this.#host = data;
  }

  async read(): Promise<TypedArray> {
    this.check();
    if (this.#host !== undefined) return this.#host.slice();
    return this.#held!.backend.download(this.#held!.buffer);
  }

  dispose(): void {
    this.#disposed = true;
    this.#host = undefined;
    this.#release();
  }

  check(): void {
    if (this.#disposed)
      throw new DisposedError(
        `a ${showShape(this.type.shape)} tensor was disposed before it was read\n` +
          "  read it first, or leave it to the garbage collector",
      );
  }

  #hold(held: Held): void {
    this.#held = held;
    unreachable.register(this, held, this);
  }

  #release(): void {
    if (this.#held === undefined) return;
    unreachable.unregister(this);
    this.#held.backend.free(this.#held.buffer);
    this.#held = undefined;
  }
}
