import { BackendError, type DType, type Shape, type TypedArray } from "@ansatz/core";
import type { BackendBuffer } from "@ansatz/core/plugin";
import { tensorOver, type EngineTensor } from "./engine.ts";
import { wholeMemory } from "./whole-memory.ts";

/** A value in host memory, which onnxruntime and the kernels read and write without copies. */
export class HostBuffer implements BackendBuffer {
  readonly backend = "onnx";
  readonly shape: Shape;
  readonly dtype: DType;
  #data: TypedArray | undefined;
  #tensor: EngineTensor | undefined;
  #reusable: boolean;

  constructor(data: TypedArray, shape: Shape, dtype: DType, reusable: boolean) {
    this.#data = data;
    this.shape = shape;
    this.dtype = dtype;
    this.#reusable = reusable;
  }

  /** Whether its memory may hold another value once it is freed: nothing else refers to it. */
  get reusable(): boolean {
    return this.#reusable;
  }

  /** @throws BackendError if it was freed */
  get data(): TypedArray {
    if (this.#data === undefined)
      throw new BackendError("onnx: the buffer was freed\n  free a buffer once, after its last use");
    return this.#data;
  }

  /** The value as an onnxruntime tensor over the same memory. */
  get tensor(): EngineTensor {
    this.#tensor ??= tensorOver(this.data, this.shape, this.dtype);
    return this.#tensor;
  }

  /** Moves the value to another place in memory. */
  moveTo(place: TypedArray): void {
    const { data } = this;
    place.set(data);
    if (this.#reusable) freeMemory(data);
    this.#data = place;
    this.#tensor = undefined;
    this.#reusable = false;
  }

  get freed(): boolean {
    return this.#data === undefined;
  }

  release(): void {
    this.#data = undefined;
    this.#tensor = undefined;
  }
}

/** Frees the memory of an array at once: the collector would come only after the step that needs the room. */
function freeMemory(data: TypedArray): void {
  const { port1 } = new MessageChannel();
  port1.close();
  port1.postMessage(undefined, [...wholeMemory(data)]); // what is sent to a closed port is dropped
}
