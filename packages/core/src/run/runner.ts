import { allocate, type TypedArray } from "../contract/dtype.ts";
import { StaleReadError } from "../contract/errors.ts";
import { isEmpty, unalias } from "../graph/alias.ts";
import { whileRunning, type Cell } from "../graph/cell.ts";
import { isLeaf } from "../graph/leaf.ts";
import type { Source } from "../graph/node.ts";
import { Storage } from "../graph/storage.ts";
import type { Tensor } from "../graph/tensor.ts";
import { planOf, type Plan } from "../program/plan.ts";
import { strayPlaceholder } from "../program/lower.ts";
import { programsOf } from "../program/program-cache.ts";
import { bindLeaves, store } from "./bindings.ts";
import { currentBackend } from "./current.ts";
import { hostValue } from "./host-value.ts";
import { showRun } from "./watch-runs.ts";

/** How long the event loop may starve, in milliseconds: signals and finalizers run between steps. */
const longestStarvation = 10;

let queue: Promise<unknown> = Promise.resolve();
let lastPause = 0;

/** Runs one piece of work after everything that was asked for before. */
export function inTurn<R>(work: () => Promise<R>): Promise<R> {
  const result = queue.then(work);
  queue = result.catch(() => undefined);
  return result;
}

/** Runs a plan and shows it to watchers first; cells that it changes cannot be read meanwhile. Returns the outputs. */
export function run(plan: Plan): Promise<Storage[]> {
  const cells = plan.updates.map((update) => update.cell);
  return whileRunning(cells, async () => {
    await begin(plan.leaves);
    await showRun(() => ({ outputs: plan.outputs, updates: plan.updates, evaluate }));
    return dispatch(plan);
  });
}

/** Computes tensors on what every cell holds now; carries out no assignment and leaves the graph as it is. */
export async function evaluate(tensors: readonly Tensor[]): Promise<TypedArray[]> {
  const targets = tensors.map(unalias);
  const computed = toCompute(targets);
  const plan = planOf(computed, []);
  await begin([...plan.leaves, ...targets.filter(isLeaf)]);
  const storages = computed.length === 0 ? [] : await dispatch(plan);
  const values = new Map<Tensor, TypedArray>();
  for (const [i, tensor] of computed.entries()) {
    values.set(tensor, await storages[i]!.read());
    storages[i]!.dispose();
  }
  return Promise.all(
    targets.map(async (x) => values.get(x) ?? (isLeaf(x) ? readSource(x.node.source!) : allocate(x.dtype, 0))),
  );
}

/** Those of some tensors that a program must compute: each once, and neither leaves nor empty ones. */
export function toCompute(tensors: readonly Tensor[]): Tensor[] {
  return [...new Set(tensors)].filter((tensor) => !isLeaf(tensor) && !isEmpty(tensor));
}

/** Compiles a plan if need be, binds its leaves, runs it, and stores what cells and outputs became. */
async function dispatch(plan: Plan): Promise<Storage[]> {
  const backend = currentBackend();
  const program = await programsOf(backend).get(plan);
  const bindings = bindLeaves(plan.leaves, backend, program);
  const result = await program.run(bindings.map(({ buffer }) => buffer)).finally(() => {
    for (const { buffer, transient } of bindings) if (transient) backend.free(buffer);
  });
  for (const [i, { cell }] of plan.updates.entries()) {
    cell.storage!.replace(backend, result.updates[i]!);
    cell.commit();
  }
  const storages: Storage[] = [];
  for (const [i, output] of plan.outputs.entries()) storages.push(await store(output, backend, result.outputs[i]!));
  if (performance.now() - lastPause > longestStarvation) await pause();
  return storages;
}

/**
 * Gives every cell that is used for the first time its initial value.
 *
 * @throws BackendError for a placeholder that has no value now
 */
export async function begin(leaves: readonly Tensor[]): Promise<void> {
  const stray = leaves.find(({ node }) => node.source === undefined);
  if (stray !== undefined) throw strayPlaceholder(stray);
  const cells = leaves.flatMap(({ node: { source } }) =>
    source?.kind === "cell" && source.cell.storage === undefined ? [source.cell] : [],
  );
  const computed: Cell[] = [];
  for (const cell of cells) {
    const data = hostValue(cell.initial!);
    if (data === undefined) computed.push(cell);
    else cell.begin(new Storage(cell, data));
  }
  if (computed.length === 0) return;
  const initial = computed.map((cell) => cell.initial!);
  for (const leaf of planOf(toCompute(initial.map(unalias)), []).leaves) checkFresh(leaf);
  const values = await evaluate(initial);
  for (const [i, cell] of computed.entries()) {
    const data = values[i]!;
    cell.begin(new Storage(cell, values.indexOf(data) === i ? data : data.slice())); // cells never share memory
  }
}

/** @throws StaleReadError if a value was recorded on a cell that has changed since; DisposedError */
export function checkFresh({ node: { source } }: Tensor): void {
  if (source?.kind === "storage") source.storage.check();
  if (source?.kind !== "cell" || source.version === source.cell.version) return;
  throw new StaleReadError(
    `a value was recorded on ${source.cell.describe()} before it was updated, and realised after\n` +
      "  realise it together with the update, or record it again on the new value",
  );
}

/** The values of a leaf. */
export async function readSource(source: Source): Promise<TypedArray> {
  if (source.kind === "storage") return source.storage.read();
  return source.kind === "host" ? source.produce().slice() : source.cell.storage!.read();
}

/** Calls back after other tasks had their turn; a timer would wait for a whole millisecond. */
const afterOthers: (resume: () => void) => unknown =
  typeof setImmediate === "function" ? setImmediate : (resume) => setTimeout(resume, 0);

function pause(): Promise<void> {
  return new Promise((resolve) =>
    afterOthers(() => {
      lastPause = performance.now();
      resolve();
    }),
  );
}
