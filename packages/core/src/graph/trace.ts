/** Something on the host that is done for a run; what it returns takes it back if the run fails. */
export type Action = () => (() => void) | undefined;

/** What a compiled function must do and check at each call, found out while it was traced. */
export interface Trace {
  /** Done before each run: a step is counted, a random stream moves on. */
  readonly actions: Action[];
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

/** What takes back the actions that were done for the next realisation. */
let takingBack: (() => void)[] = [];

/** Does something now, or, while a compiled function is traced, at each of its calls. */
export function atEachRun(action: Action): void {
  if (current === undefined) takingBack.push(...performed([action]));
  else current.actions.push(action);
}

/** Does what is to be done for a run, and returns what takes it back. */
export function performed(actions: readonly Action[]): (() => void)[] {
  return actions.flatMap((action) => action() ?? []);
}

/** Does some work; if it fails, the actions that were done for it are taken back. */
export async function orTakeBack<R>(takeBack: readonly (() => void)[], work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    for (const undo of takeBack) undo();
    throw error;
  }
}

/** Hands over what takes back the actions since the last call. */
export function takeActions(): readonly (() => void)[] {
  const taken = takingBack;
  takingBack = [];
  return taken;
}

/** Notes that a trace holds only as long as a host value stays what it is. */
export function guard(holds: () => boolean): void {
  current?.guards.push(holds);
}
