import { type DType, type Shape, type TypedArray } from "@ansatz/core";
import { allocate, sizeOf, type BackendBuffer, type BackendMemory } from "@ansatz/core/plugin";
import { HostBuffer } from "./host-buffer.ts";
import { ownBuffer } from "./own-buffer.ts";

/** So many bytes of freed results are kept for later ones. */
const mostSpare = 2 ** 24;

/** The buffers of a backend that were not freed yet. */
export class Heap {
  readonly #alive = new Set<HostBuffer>();
  /** Memory of results that were freed, by dtype and length. To get new memory would take longer than to fill it. */
  readonly #spare = new Map<string, TypedArray[]>();
  #spareBytes = 0;
  #bytes = 0;

  /** A buffer for a result, which is about to be written as a whole. */
  make(shape: Shape, dtype: DType): HostBuffer {
    const length = sizeOf(shape);
    const data = this.#spare.get(`${dtype} ${length}`)?.pop();
    this.#spareBytes -= data?.byteLength ?? 0;
    return this.add(data ?? allocate(dtype, length), shape, dtype, true);
  }

  add(data: TypedArray, shape: Shape, dtype: DType, reusable = false): HostBuffer {
    const buffer = new HostBuffer(data, shape, dtype, reusable);
    this.#alive.add(buffer);
    this.#bytes += data.byteLength;
    return buffer;
  }

  /** @throws BackendError if the buffer belongs to another backend or was freed */
  own(buffer: BackendBuffer): HostBuffer {
    return ownBuffer(buffer, HostBuffer, this.#alive);
  }

  free(buffer: BackendBuffer): void {
    const own = this.own(buffer);
    this.#alive.delete(own);
    const { data, dtype, reusable } = own;
    this.#bytes -= data.byteLength;
    own.release();
    if (!reusable || this.#spareBytes + data.byteLength > mostSpare) return;
    const key = `${dtype} ${data.length}`;
    const spare = this.#spare.get(key);
    if (spare === undefined) this.#spare.set(key, [data]);
    else spare.push(data);
    this.#spareBytes += data.byteLength;
  }

  memory(): BackendMemory {
    return { buffers: this.#alive.size, bytes: this.#bytes };
  }

  clear(): void {
    for (const buffer of this.#alive) buffer.release();
    this.#alive.clear();
    this.#spare.clear();
    [this.#bytes, this.#spareBytes] = [0, 0];
  }
}
