import { BackendError, type DType, type Shape, type TypedArray } from "@ansatz/core";
import type { BackendBuffer, BackendMemory } from "@ansatz/core/plugin";
import type { Tensor } from "onnxruntime-node";
import { HostBuffer } from "./host-buffer.ts";

/** The buffers that a backend has handed out and not got back. */
export class Heap {
  readonly #alive = new Set<HostBuffer>();
  #bytes = 0;

  add(data: TypedArray, shape: Shape, dtype: DType, tensor?: Tensor): HostBuffer {
    const buffer = new HostBuffer(data, shape, dtype, tensor);
    this.#alive.add(buffer);
    this.#bytes += data.byteLength;
    return buffer;
  }

  /** @throws BackendError when the buffer is another backend's, or was freed */
  own(buffer: BackendBuffer): HostBuffer {
    if (!(buffer instanceof HostBuffer))
      throw new TypeError(`onnx: the buffer belongs to the backend "${buffer.backend}"`);
    if (buffer.freed)
      throw new BackendError("onnx: the buffer was freed\n  a buffer is freed once, by whoever it was given to");
    if (!this.#alive.has(buffer)) throw new TypeError("onnx: the buffer belongs to another onnx backend");
    return buffer;
  }

  free(buffer: BackendBuffer): void {
    const own = this.own(buffer);
    this.#alive.delete(own);
    this.#bytes -= own.data.byteLength;
    own.release();
  }

  memory(): BackendMemory {
    return { buffers: this.#alive.size, bytes: this.#bytes };
  }

  clear(): void {
    for (const buffer of this.#alive) buffer.release();
    this.#alive.clear();
    this.#bytes = 0;
  }
}
