import { sizeOf } from "@ansatz/core/plugin";
import type { ElementwiseKernel } from "@ansatz/simd";
import { type EngineTensor, tensorOver } from "../engine.ts";
import type { HostBuffer } from "../host-buffer.ts";
import { Arena, type ArenaPlan } from "./arena.ts";
import { placesOf } from "./scratch.ts";
import type { InPlaceUpdates, UpdateWork, ValueSource } from "./update-work.ts";

interface Job {
  readonly kernel: ElementwiseKernel;
  readonly length: number;
  readonly places: readonly number[];
  readonly scalars: readonly ValueSource[];
}

/** Reserves memory for each tensor of the updates, and returns the addresses by node. */
export function placeTensors({ groups }: UpdateWork, plan: ArenaPlan): ReadonlyMap<number, number> {
  const addresses = new Map<number, number>();
  for (const { tensors, length } of groups) {
    for (const [i, index] of tensors.entries()) if (!addresses.has(index)) addresses.set(index, plan.place(length, i));
  }
  return addresses;
}

/**
 * Updates of tensors that stay in one memory, where kernels use them without copies. Parameters and moments move there
 * in the first run, and again if they have been replaced since: loaded from a checkpoint, or moved by another program
 * that also updates them.
 */
export class ResidentUpdates implements InPlaceUpdates {
  readonly fetches: Record<string, EngineTensor> = {};
  readonly #arena: Arena;
  readonly #jobs: readonly Job[];
  readonly #homes: readonly { readonly input: number; readonly view: Float32Array }[];
  readonly #read = new Map<string, Float32Array>();

  constructor(
    { graph, kernels, groups, sources }: UpdateWork,
    plan: ArenaPlan,
    addresses: ReadonlyMap<number, number>,
  ) {
    this.#arena = new Arena(plan);
    const homes: { input: number; view: Float32Array }[] = [];
    for (const [index, source] of sources) {
      const shape = graph.nodes[index]?.shape ?? [];
      const address = addresses.get(index);
      const view = address === undefined ? new Float32Array(sizeOf(shape)) : this.#arena.view(address, sizeOf(shape));
      if ("name" in source) {
        this.#read.set(source.name, view);
        this.fetches[source.name] = tensorOver(view, shape, "float32");
      } else if (address !== undefined) homes.push({ input: source.input, view });
    }
    this.#homes = homes;
    this.#jobs = groups.map(({ expression, length, tensors, scalars }) => ({
      kernel: kernels.elementwise(expression, this.#arena.memory),
      length,
      places: placesOf(
        tensors.map((index) => addresses.get(index) ?? 0),
        scalars.length,
      ),
      scalars: scalars.map((index) => sources.get(index) ?? { name: "" }),
    }));
  }

  moveIn(inputs: readonly HostBuffer[]): void {
    for (const { input, view } of this.#homes) {
      const buffer = inputs[input] as HostBuffer;
      if (buffer.data !== view) buffer.moveTo(view);
    }
  }

  run(inputs: readonly HostBuffer[]): void {
    for (const { kernel, length, places, scalars } of this.#jobs) {
      for (let i = 0; i < scalars.length; i++) {
        const source = scalars[i] as ValueSource;
        const value =
          "input" in source
            ? (inputs[source.input]?.data as Float32Array)
            : (this.#read.get(source.name) as Float32Array);
        this.#arena.scalars[i] = value[0] as number;
      }
      kernel(1, length, ...places);
    }
  }
}
