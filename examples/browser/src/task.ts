/** A digit of the test set, and the model's answer. */
export interface ReadDigit {
  /** 784 pixels, from 0 to 255. */
  readonly pixels: Uint8Array;
  readonly label: number;
  readonly read: number;
}

/** The results of a model so far. */
export interface Shown {
  readonly text: string;
  readonly digits?: readonly ReadDigit[];
}

/** A model that is trained step by step. */
export interface Task {
  readonly parameters: number;
  readonly steps: number;
  /** Steps between two looks at the results. */
  readonly showEvery: number;
  /** Trains one step, and returns the loss. */
  step(): Promise<number>;
  show(): Promise<Shown>;
}

/** The messages from the worker to the page. */
export type Message =
  | { readonly kind: "ready"; readonly device: string; readonly parameters: number; readonly steps: number }
  | { readonly kind: "step"; readonly step: number; readonly loss: number; readonly milliseconds: number }
  | ({ readonly kind: "shown" } & Shown)
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly message: string };
