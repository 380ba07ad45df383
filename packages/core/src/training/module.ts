import { isCell, isParameter, type Cell, type Parameter } from "../graph/cell.ts";
import { sizeOf, type TensorType, type TypedArray } from "../contract/dtype.ts";
import { StateError } from "../contract/errors.ts";
import { RandomStream, type RandomState } from "../random/key.ts";
import { sameShape, showShape } from "../contract/shape.ts";
import { guard } from "../graph/trace.ts";

/** A value on the host: what state dicts and files hold. */
export interface TensorData extends TensorType {
  readonly data: TypedArray;
}

/** Values by name, such as `blocks.0.attention.query.weight`. */
export type StateDict = Readonly<Record<string, TensorData>>;

const moduleMark = Symbol.for("ansatz.module");

/**
 * A part of a model: a class whose fields are parameters, buffers, modules, random streams, and arrays and records of
 * them.
 *
 * Nothing is registered: the tree is found by walking the fields, and the path is the name.
 */
export abstract class Module {
  readonly [moduleMark] = true;
  #training = true;

  /** Whether it is being trained: dropout drops, batch statistics are updated. */
  get training(): boolean {
    const value = this.#training;
    guard(() => this.#training === value);
    return value;
  }

  /** Switches it and everything in it to training. */
  train(): this {
    return this.#setTraining(true);
  }

  /** Switches it and everything in it to evaluation. */
  eval(): this {
    return this.#setTraining(false);
  }

  #setTraining(training: boolean): this {
    for (const [, module] of this.namedModules()) module.#training = training;
    return this;
  }

  /** Every parameter, each once. */
  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** Every parameter by its path. */
  namedParameters(): Map<string, Parameter> {
    return this.#collect(isParameter);
  }

  /** Every lasting value that is not trained, by its path. */
  namedBuffers(): Map<string, Cell> {
    return this.#collect((value): value is Cell => isCell(value) && !isParameter(value));
  }

  /** It and every module in it, by path; its own path is empty. */
  namedModules(): Map<string, Module> {
    return this.#collect(isModule);
  }

  /** Every random stream in it, by path. */
  namedStreams(): Map<string, RandomStream> {
    return this.#collect((value): value is RandomStream => value instanceof RandomStream);
  }

  #collect<T>(wanted: (value: unknown) => value is T): Map<string, T> {
    const found = new Map<string, T>();
    const seen = new Set<unknown>();
    walk(this, "", (value, path) => {
      if (!wanted(value) || seen.has(value)) return;
      seen.add(value);
      found.set(path, value);
      if (isCell(value)) value.name ??= path;
    });
    return found;
  }

  /** The number of trained values. */
  parameterCount(): number {
    return this.parameters().reduce((count, parameter) => count + sizeOf(parameter.shape), 0);
  }

  /** A copy of every parameter and buffer on the host. */
  async stateDict(): Promise<StateDict> {
    const state: Record<string, TensorData> = {};
    for (const [name, cell] of this.#cells())
      state[name] = { shape: cell.shape, dtype: cell.dtype, data: await cell.data() };
    return state;
  }

  /**
   * Sets every parameter and buffer. All is checked before anything is changed.
   *
   * @throws StateError that lists every missing, extra and wrong entry at once
   */
  loadStateDict(state: StateDict): void {
    const cells = this.#cells();
    checkState("loadStateDict", state, cells);
    for (const [name, cell] of cells) cell.load(state[name]!.data.slice());
  }

  #cells(): Map<string, Cell> {
    return new Map<string, Cell>([...this.namedParameters(), ...this.namedBuffers()]);
  }

  /** Where every random stream stands. */
  randomState(): Record<string, RandomState> {
    return Object.fromEntries([...this.namedStreams()].map(([name, stream]) => [name, stream.state]));
  }

  /** Sets every random stream. @throws StateError when one is missing */
  loadRandomState(state: Readonly<Record<string, RandomState>>): void {
    for (const [name, stream] of this.namedStreams()) {
      const saved = state[name];
      if (saved === undefined) throw new StateError(`loadRandomState: "${name}" is missing`);
      stream.load(saved);
    }
  }
}

/** Whether a value is a module, of whichever copy of core. */
export function isModule(value: unknown): value is Module {
  return typeof value === "object" && value !== null && moduleMark in value;
}

function walk(value: unknown, path: string, visit: (value: unknown, path: string) => void): void {
  visit(value, path);
  if (typeof value !== "object" || value === null || isCell(value)) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && !isModule(value) && prototype !== Object.prototype && prototype !== null) return;
  for (const [name, child] of Object.entries(value)) walk(child, path === "" ? name : `${path}.${name}`, visit);
}

/** Compares saved entries with the cells that are to take them. @throws StateError */
export function checkState(op: string, state: StateDict, cells: ReadonlyMap<string, TensorType>): void {
  const problems: string[] = [];
  for (const [name, cell] of cells) {
    const saved = state[name];
    if (saved === undefined) problems.push(`missing: ${name} ${showShape(cell.shape)} ${cell.dtype}`);
    else if (!sameShape(saved.shape, cell.shape))
      problems.push(`wrong shape: ${name} is ${showShape(saved.shape)} but must be ${showShape(cell.shape)}`);
    else if (saved.dtype !== cell.dtype)
      problems.push(`wrong dtype: ${name} is ${saved.dtype} but must be ${cell.dtype}`);
    else if (saved.data.length !== sizeOf(saved.shape))
      problems.push(`wrong length: ${name} has ${saved.data.length} elements, not ${sizeOf(saved.shape)}`);
  }
  for (const name of Object.keys(state)) if (!cells.has(name)) problems.push(`extra: ${name}`);
  if (problems.length > 0) throw new StateError(`${op}: the state does not fit\n  ${problems.join("\n  ")}`);
}
