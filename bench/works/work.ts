import type { Tensor } from "@ansatz/core";

/** A training step, which returns the loss, and a function that creates its inputs. */
export interface Training {
  readonly step: (...batch: Tensor[]) => Tensor;
  readonly batch: () => readonly Tensor[];
}

/** A routine that is run as a whole. */
export interface Routine {
  readonly run: () => Promise<void>;
}

/** A model that is trained step by step, or a routine that is repeated. */
export interface Work {
  readonly steps: number;
  /** Whether it runs only if it is named, because it is large. */
  readonly onRequest?: boolean;
  /** The workload whose time its own is compared with. It is measured in the same rounds. */
  readonly baseline?: string;
  /** The script of the peer and its arguments. */
  readonly peer: readonly string[];
  build(): Training | Routine;
}
