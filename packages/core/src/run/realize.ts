import type { Backend, BackendBuffer, Program } from "../contract/backend.ts";
import { currentBackend } from "./current.ts";
import { pendingCells, whileRunning, type Cell } from "../graph/cell.ts";
import { allocate, bytesPerElement, sizeOf, type TypedArray } from "../contract/dtype.ts";
import { BackendError, ShapeError, StaleReadError } from "../contract/errors.ts";
import { cut, isLeaf } from "../graph/leaf.ts";
import { unalias } from "../program/lower.ts";
import { forgetShared } from "../graph/op.ts";
import { isEmpty, planOf, smallResult, type CellUpdate, type Plan } from "../program/plan.ts";
import { programsOf } from "../program/program-cache.ts";
import { advanceEpoch } from "../graph/recording.ts";
import { Storage } from "../graph/storage.ts";
import type { Source, Tensor } from "../graph/tensor.ts";
import { tensorsIn, type Tree } from "../graph/tree.ts";
import { showRun } from "./watch-runs.ts";

/** How long the event loop may starve, in milliseconds: signals and finalizers run between steps. */
const longestStarvation = 50;

let queue: Promise<unknown> = Promise.resolve();
let lastPause = 0;

/** Runs one piece of work after all that was asked for before. */
export function inTurn<R>(work: () => Promise<R>): Promise<R> {
  const result = queue.then(work);
  queue = result.catch(() => undefined);
  return result;
}

/**
 * Computes tensors, and with them every pending assignment: the only place where work happens.
 *
 * Everything is compiled together, once for each structure; a step that looks like an earlier one runs at once.
 *
 * @throws StaleReadError when something was recorded on a cell's value that has been overwritten since
 * @example await realize(add(tensor([1]), 1)) // undefined
 */
export function realize(...targets: readonly Tree[]): Promise<void> {
  const tensors = [...new Set(targets.flatMap(tensorsIn))];
  // A draw is drawn for each run that reads it, until somebody asks for its numbers to be kept.
  for (const tensor of tensors)
    if (tensor.source?.kind === "host") cut(tensor, new Storage(tensor, tensor.source.produce()));
  const outputs = tensors.filter((tensor) => !isLeaf(tensor));
  const updates: CellUpdate[] = pendingCells().map((cell) => {
    const value = cell.take();
    return { cell, leaf: cell.read(), value };
  });
  forgetShared();
  advanceEpoch();
  for (const output of outputs) {
    const data = isEmpty(output) ? allocate(output.dtype, 0) : hostValue(output);
    if (data !== undefined) cut(output, new Storage(output, data));
  }
  const computed = outputs.filter((output) => !isLeaf(output));
  if (computed.length === 0 && updates.length === 0) return inTurn(async () => undefined);
  const work = () => run(computed, updates);
  return inTurn(() =>
    whileRunning(
      updates.map((update) => update.cell),
      work,
    ),
  );
}

async function run(outputs: readonly Tensor[], updates: readonly CellUpdate[]): Promise<void> {
  const backend = currentBackend();
  const plan = planOf(
    outputs,
    updates.filter((update) => !isEmpty(update.value)),
  );
  for (const tensor of plan.leaves) checkFresh(tensor);
  await begin(plan.leaves);
  await showRun(() => ({ outputs, updates, evaluate }));
  const program = await programsOf(backend).get(plan);
  const results = await dispatch(backend, program, plan);
  for (const [i, output] of outputs.entries()) cut(output, results[i]!);
}

/** Computes tensors on what every cell holds now; carries out no assignment and leaves the graph as it is. */
export async function evaluate(tensors: readonly Tensor[]): Promise<TypedArray[]> {
  const backend = currentBackend();
  const targets = tensors.map(unalias);
  const computed = [...new Set(targets)].filter((tensor) => !isLeaf(tensor) && !isEmpty(tensor));
  const plan = planOf(computed, []);
  await begin([...plan.leaves, ...targets.filter(isLeaf)]);
  const storages = computed.length === 0 ? [] : await dispatch(backend, await programsOf(backend).get(plan), plan);
  const values = new Map<Tensor, TypedArray>();
  for (const [i, tensor] of computed.entries()) {
    values.set(tensor, await storages[i]!.read());
    storages[i]!.dispose();
  }
  return Promise.all(
    targets.map(
      async (tensor) => values.get(tensor) ?? (isLeaf(tensor) ? readSource(tensor.source!) : allocate(tensor.dtype, 0)),
    ),
  );
}

async function readSource(source: Source): Promise<TypedArray> {
  if (source.kind === "storage") return source.storage.read();
  return source.kind === "host" ? source.produce().slice() : source.cell.storage!.read();
}

/** Runs a compiled plan: binds leaves to buffers, stores what the cells became, and returns the outputs' values. */
export async function dispatch(backend: Backend, program: Program, plan: Plan): Promise<Storage[]> {
  const transient: BackendBuffer[] = [];
  const drawn = drawnBy(program);
  const buffers = plan.leaves.map((tensor, i) => {
    const { buffer, transient: once } = bind(tensor, backend, drawn, i);
    if (once) transient.push(buffer);
    return buffer;
  });
  const result = await program.run(buffers).finally(() => {
    for (const buffer of transient) backend.free(buffer);
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

const drawnArrays = new WeakMap<Program, TypedArray[]>();

/**
 * The arrays that a program's draws were written into the last time: large ones are costly to allocate at every step.
 */
function drawnBy(program: Program): TypedArray[] {
  let arrays = drawnArrays.get(program);
  if (arrays === undefined) drawnArrays.set(program, (arrays = []));
  return arrays;
}

function bind(
  tensor: Tensor,
  backend: Backend,
  drawn: TypedArray[],
  position: number,
): { buffer: BackendBuffer; transient: boolean } {
  const source = tensor.source!;
  if (source.kind === "storage") return source.storage.bind(backend, false);
  if (source.kind === "cell") return source.cell.storage!.bind(backend, true);
  const data = source.produce(drawn[position]);
  if (source.reusable === true && backend.releasesInputs === true) drawn[position] = data;
  return { buffer: backend.upload(data, tensor.shape, tensor.dtype), transient: true };
}

function checkFresh({ source }: Tensor): void {
  if (source?.kind === "storage") source.storage.check();
  if (source?.kind !== "cell" || source.version === source.cell.version) return;
  throw new StaleReadError(
    `a value was recorded on ${source.cell.describe()} before it was updated, and realised after\n  realise it together with the update, or record it again on the new value`,
  );
}

/**
 * Gives every cell that is used for the first time its initial value.
 * @throws BackendError for a placeholder that has no value now
 */
export async function begin(leaves: readonly Tensor[]): Promise<void> {
  const stray = leaves.find(({ source }) => source === undefined);
  if (stray !== undefined)
    throw new BackendError(
      `a ${stray.toString()} from inside a scan or a compiled function was used outside it\n  return it from the function instead`,
    );
  const cells = leaves.flatMap(({ source }) =>
    source?.kind === "cell" && source.cell.storage === undefined ? [source.cell] : [],
  );
  if (cells.length === 0) return;
  const computed = cells.filter((cell) => hostValue(cell.initial!) === undefined);
  for (const cell of cells) {
    const data = hostValue(cell.initial!);
    if (data !== undefined) cell.begin(new Storage(cell, data));
  }
  if (computed.length > 0) await beginComputed(computed);
}

async function beginComputed(cells: readonly Cell[]): Promise<void> {
  const initial = [...new Set(cells.map((cell) => cell.initial!))];
  await run(
    initial.filter((tensor) => !isLeaf(tensor)),
    [],
  );
  for (const cell of cells) cell.begin(new Storage(cell, await readData(cell.initial!)));
}

/** The values of a tensor that needs no backend: a draw, given values, or one number everywhere. */
function hostValue(tensor: Tensor): TypedArray | undefined {
  const { source } = tensor;
  if (source?.kind === "host") return source.produce();
  if (source?.kind === "storage") return source.storage.host?.slice();
  const filled = tensor.op.name === "broadcastTo" ? tensor.inputs[0]! : tensor;
  if (filled.op.name !== "constant") return undefined;
  const value = filled.attributes.value as number;
  const data = allocate(tensor.dtype, sizeOf(tensor.shape));
  // Zeros are there already, and memory that nobody writes to takes no room.
  return Object.is(value, 0) ? data : data.fill(value);
}

async function store(output: Tensor, backend: Backend, buffer: BackendBuffer): Promise<Storage> {
  if (sizeOf(output.shape) * bytesPerElement(output.dtype) > smallResult)
    return new Storage(output, { backend, buffer });
  const data = await backend.download(buffer);
  backend.free(buffer);
  return new Storage(output, data);
}

/** The values of a realised tensor. */
export async function readData(tensor: Tensor): Promise<TypedArray> {
  const { source } = tensor;
  if (source?.kind === "storage") return source.storage.read();
  if (source?.kind === "host") return source.produce().slice();
  if (source?.kind === "cell") {
    checkFresh(tensor);
    await begin([tensor]);
    return source.cell.storage!.read();
  }
  throw new ShapeError(
    `a ${tensor.toString()} has no value: it stands for an argument while a function is traced\n  return it from the function and read the result`,
  );
}

/** The one element of a tensor. @throws ShapeError */
export function itemOf(tensor: Tensor, data: TypedArray): number {
  if (data.length !== 1)
    throw new ShapeError(
      `item: the tensor is [${tensor.shape.join(",")}], which has ${data.length} elements, not 1\n  read them all with \`await x.data()\` or \`await x.array()\``,
    );
  return data[0]!;
}

/**
 * Calls back after other tasks had their turn; a timer waits for a whole millisecond, so only where there is nothing
 * better.
 */
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
