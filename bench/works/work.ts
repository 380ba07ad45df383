import type { Module, Tensor } from "@ansatz/core";

/** A training step, which returns the loss, and a function that creates its inputs. */
export interface Training {
  readonly step: (...batch: Tensor[]) => Tensor;
  readonly batch: () => readonly Tensor[];
  /** The model, for profiles. Default: there is none. */
  readonly model?: Module;
}

/** A routine that is run as a whole. It decides itself what it compiles, so only plain engines run it. */
export interface Routine {
  /** Returns what it has processed, e.g. `{ tokens: 256 }`. */
  readonly run: () => Promise<Readonly<Record<string, number>>>;
}

/** A model that is trained step by step, or a routine that is repeated. */
export interface Work {
  readonly steps: number;
  /** Whether it runs only if it is named, because it is large. */
  readonly onRequest?: boolean;
  /** The workload whose time its own is compared with. It is measured in the same rounds. */
  readonly baseline?: string;
  /** Whether it is a routine. */
  readonly routine?: boolean;
  /** The script for PyTorch and its arguments, if PyTorch can do it. */
  readonly torch?: readonly string[];
  /** The other peers that can do it. */
  readonly peers?: readonly ("tfjs-wasm" | "tfjs-native" | "jax-js")[];
  build(): Training | Routine;
}
