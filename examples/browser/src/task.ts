/** A digit of the test set, and what it was taken for. */
export interface ReadDigit {
  /** 784 pixels, from 0 to 255. */
  readonly pixels: Uint8Array;
  readonly label: number;
  readonly read: number;
}

/** What a model can do so far. */
export interface Shown {
  readonly text: string;
  readonly digits?: readonly ReadDigit[];
}

/** A model that is trained step by step. */
export interface Task {
  readonly parameters: number;
  readonly steps: number;
  /** How many steps lie between two looks at what it can do. */
  readonly showEvery: number;
  /** Trains one step; the loss. */
  step(): Promise<number>;
  show(): Promise<Shown>;
}

/** What the worker tells the page. */
export type Message =
  | { readonly kind: "ready"; readonly device: string; readonly parameters: number; readonly steps: number }
  | { readonly kind: "step"; readonly step: number; readonly loss: number; readonly milliseconds: number }
  | ({ readonly kind: "shown" } & Shown)
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly message: string };
