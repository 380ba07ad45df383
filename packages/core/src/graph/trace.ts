/** What a compiled function must do and check at each call, found out while it was traced. */
export interface Trace {
  /** Done before each run: a step is counted, a random stream moves on. */
  readonly actions: (() => void)[];
  /** What must still hold for the trace to be valid. */
  readonly guards: (() => boolean)[];
}

let current: Trace | undefined;

/** The trace in progress, if any. */
export function currentTrace(): Trace | undefined {
  return current;
}

/** Runs `body` as the trace of a compiled function. */
export function whileTracing<R>(trace: Trace, body: () => R): R {
  const outer = current;
  current = trace;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/** Does something now, or, while a compiled function is traced, at each of its calls. */
export function atEachRun(action: () => void): void {
  if (current === undefined) action();
  else current.actions.push(action);
}

/** Notes that a trace holds only as long as a host value stays what it is. */
export function guard(holds: () => boolean): void {
  current?.guards.push(holds);
}
