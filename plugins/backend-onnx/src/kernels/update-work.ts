import type { Graph } from "@ansatz/core/plugin";
import type { SimdKernels } from "@ansatz/simd";
import type { EngineTensor } from "../engine.ts";
import type { HostBuffer } from "../host-buffer.ts";
import type { UpdateGroup } from "./group.ts";
import type { Scratch } from "./scratch.ts";

/** What all programs of a backend share. */
export interface KernelTools {
  readonly kernels: SimdKernels;
  readonly scratch: Scratch;
}

/** Where a value is after the session ran: among the program's inputs, or among the session's outputs. */
export type ValueSource = { readonly input: number } | { readonly name: string };

/** The updates of a program, and where their tensors and scalars come from. */
export interface UpdateWork extends KernelTools {
  readonly graph: Graph;
  readonly groups: readonly UpdateGroup[];
  readonly sources: ReadonlyMap<number, ValueSource>;
}

/** Does the in-place updates of a program: `run` is called after its session ran. */
export interface InPlaceUpdates {
  /** Outputs of the session and the memory to write them to: gradients, whose memory every run uses again. */
  readonly fetches: Readonly<Record<string, EngineTensor>>;
  /** Moves what the updates write to where the kernels need it, before the session reads it. */
  moveIn?(inputs: readonly HostBuffer[]): void;
  run(inputs: readonly HostBuffer[]): void;
}
