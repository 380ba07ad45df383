import { inOwnProcess } from "@ansatz/lab";
import type { LayerOptions } from "./layers.ts";

export interface Measured {
  /** The peak resident memory of a process that only runs the training step. */
  readonly residentMiB: number;
  /** The fastest of a few steps. */
  readonly seconds: number;
  /** The distance to exact attention; see `errorOf`. */
  readonly error?: number;
}

/** Runs a training step in a process of its own, which gives back all memory when it ends. */
export function measuredAlone(options: LayerOptions): Promise<Measured> {
  return inOwnProcess(new URL("measure-process.ts", import.meta.url), options);
}
