import { BackendError, type DType, type Shape, type TypedArray } from "@ansatz/core";
import type { BackendBuffer, BackendMemory } from "@ansatz/core/plugin";
import type { Tensor } from "onnxruntime-node";
import { HostBuffer } from "./host-buffer.ts";

/** The buffers of a backend that were not freed yet. */
export class Heap {
  readonly #alive = new Set<HostBuffer>();
  #bytes = 0;

  add(data: TypedArray, shape: Shape, dtype: DType, tensor?: Tensor): HostBuffer {
    const buffer = new HostBuffer(data, shape, dtype, tensor);
    this.#alive.add(buffer);
    this.#bytes += data.byteLength;
    return buffer;
  }

  /** @throws BackendError if the buffer belongs to another backend or was freed */
  own(buffer: BackendBuffer): HostBuffer {
    if (!(buffer instanceof HostBuffer))
      throw new BackendError(
        `onnx: the buffer belongs to the backend "${buffer.backend}"\n  download it there and upload it here`,
      );
    if (buffer.freed) throw new BackendError("onnx: the buffer was freed\n  free a buffer once, after its last use");
    if (!this.#alive.has(buffer))
      throw new BackendError(
        "onnx: the buffer belongs to another onnx backend\n  use a buffer only with the backend that made it",
      );
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
