import type { Cell } from "../graph/cell.ts";
import type { TypedArray } from "../contract/dtype.ts";
import type { Tensor } from "../graph/tensor.ts";

/** What is about to run: a realisation, or a call of a compiled function. */
export interface PendingRun {
  /** What is asked for. */
  readonly outputs: readonly Tensor[];
  /** What is to change, and the graph of its next value. */
  readonly updates: readonly { readonly cell: Cell; readonly value: Tensor }[];
  /**
   * The values of any tensors of these graphs, or of tensors recorded on them, before anything changes. Each is
   * computed again.
   */
  evaluate(tensors: readonly Tensor[]): Promise<TypedArray[]>;
}

/** Looks at what is about to run. It must not realise anything itself: `evaluate` computes what it needs. */
export type RunWatcher = (run: PendingRun) => Promise<void>;

const watchers = new Set<RunWatcher>();

/**
 * Shows every run to a watcher before it happens, with its graph, which is forgotten afterwards: for diagnosis and for
 * tools that look inside a model.
 *
 * Returns what ends it. While nobody watches it costs nothing.
 *
 * @example watchRuns(async (run) => console.log(run.outputs.length))()  // undefined: nobody watches any more
 */
export function watchRuns(watcher: RunWatcher): () => void {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

/** Shows a run to all who watch. */
export async function showRun(run: () => PendingRun): Promise<void> {
  if (watchers.size === 0) return;
  const shown = run();
  for (const watcher of watchers) await watcher(shown);
}
