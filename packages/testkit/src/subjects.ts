import type { Backend } from "@ansatz/core/plugin";

/** Creates a backend, or a promise of one. */
export type CreateBackend = () => Backend | Promise<Backend>;

/** The backends that a suite tests. They exist once the first test runs. */
export interface Subjects {
  readonly backend: Backend;
  /** A trusted backend with float64; without one, `backend` is the reference itself. */
  readonly oracle: Backend | undefined;
}
