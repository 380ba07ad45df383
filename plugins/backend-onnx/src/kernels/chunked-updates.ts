import { sizeOf } from "@ansatz/core/plugin";
import type { ElementwiseKernel } from "@ansatz/simd";
import { type EngineTensor, tensorOver } from "../engine.ts";
import type { HostBuffer } from "../host-buffer.ts";
import { piecesOf } from "./pieces.ts";
import { chunk, placesOf, type Scratch, slotOffset } from "./scratch.ts";
import type { InPlaceUpdates, UpdateWork, ValueSource } from "./update-work.ts";

/** A tensor, the slot that its chunks are copied into, and the part of that slot that the last chunk fills. */
interface PlacedTensor {
  readonly source: ValueSource;
  readonly slot: Float32Array;
  readonly end: Float32Array;
}

interface Job {
  readonly kernel: ElementwiseKernel;
  readonly length: number;
  readonly tensors: readonly PlacedTensor[];
  readonly places: readonly number[];
  readonly scalars: readonly ValueSource[];
  /** The tensors that are written. */
  readonly written: readonly number[];
}

/**
 * Updates of tensors that do not fit into a 32-bit memory. They stay in their own memory and are copied through the
 * scratch memory chunk by chunk.
 */
export class ChunkedUpdates implements InPlaceUpdates {
  readonly fetches: Record<string, EngineTensor> = {};
  readonly #scratch: Scratch;
  readonly #jobs: readonly Job[];
  readonly #read = new Map<string, Float32Array>();

  constructor({ graph, kernels, scratch, groups, sources }: UpdateWork) {
    this.#scratch = scratch;
    for (const [index, source] of sources) {
      if ("input" in source) continue;
      const shape = graph.nodes[index]?.shape ?? [];
      const data = new Float32Array(sizeOf(shape));
      this.#read.set(source.name, data);
      this.fetches[source.name] = tensorOver(data, shape, "float32");
    }
    const find = (index: number): ValueSource => sources.get(index) ?? { name: "" };
    this.#jobs = groups.map(({ expression, length, tensors, scalars }) => ({
      kernel: kernels.elementwise(expression, scratch.memory),
      length,
      tensors: tensors.map((index, i) => ({
        source: find(index),
        slot: scratch.slot(i, chunk),
        end: scratch.slot(i, length - Math.floor((length - 1) / chunk) * chunk),
      })),
      places: placesOf(
        tensors.map((_, i) => slotOffset(i)),
        scalars.length,
      ),
      scalars: scalars.map(find),
      written: expression.results.map(({ tensor }) => tensor),
    }));
  }

  run(inputs: readonly HostBuffer[]): void {
    const scratch = this.#scratch;
    const data = (source: ValueSource): Float32Array =>
      "input" in source ? (inputs[source.input]?.data as Float32Array) : (this.#read.get(source.name) as Float32Array);
    for (const { kernel, length, tensors, places, scalars, written } of this.#jobs) {
      for (let i = 0; i < scalars.length; i++) scratch.scalars[i] = data(scalars[i] as ValueSource)[0] as number;
      const arrays = tensors.map((tensor) => piecesOf(data(tensor.source)));
      const count = Math.ceil(length / chunk);
      for (let piece = 0; piece < count; piece++) {
        const last = piece === count - 1;
        for (let i = 0; i < arrays.length; i++) (last ? tensors[i]!.end : tensors[i]!.slot).set(arrays[i]![piece]!);
        kernel(1, last ? length - piece * chunk : chunk, ...places);
        for (const i of written) arrays[i]![piece]!.set(last ? tensors[i]!.end : tensors[i]!.slot);
      }
    }
  }
}
