import { isCell, isParameter, type Cell, type Parameter } from "../graph/cell.ts";
import type { FloatingDType } from "../contract/default-dtype.ts";
import { isFloating, sizeOf, type TensorType, type TypedArray } from "../contract/dtype.ts";
import { DTypeError, StateError } from "../contract/errors.ts";
import { RandomStream, type RandomState } from "../random/key.ts";
import { sameShape, showShape } from "../contract/shape.ts";
import { guard } from "../graph/trace.ts";
import { consoleMethod } from "../run/reading.ts";
import { cast } from "../ops/elementwise/cast.ts";
import { isModule, moduleMark, summarize } from "./module-tree.ts";

/** A value on the host: what state dicts and files hold. */
export interface TensorData extends TensorType {
  readonly data: TypedArray;
}

/** Values by name, such as `blocks.0.attention.query.weight`. */
export type StateDict = Readonly<Record<string, TensorData>>;

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

  /** Every trainable parameter, each once: what gradients are taken of and what an optimizer updates. */
  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** Every trainable parameter by its path; with `frozen: true`, frozen ones too. */
  namedParameters(options: { readonly frozen?: boolean } = {}): Map<string, Parameter> {
    if (options.frozen === true) return this.#collect(isParameter);
    return this.#collect((value): value is Parameter => isParameter(value) && value.trainable);
  }

  /** Freezes every parameter in it: gradients and optimizers leave them out, state dicts keep them. */
  freeze(): this {
    return this.#setTrainable(false);
  }

  /** Makes every parameter in it trainable again. */
  unfreeze(): this {
    return this.#setTrainable(true);
  }

  #setTrainable(trainable: boolean): this {
    for (const parameter of this.#collect(isParameter).values()) parameter.trainable = trainable;
    return this;
  }

  /**
   * Converts every floating parameter and buffer in place. Make optimizers afterwards: their state has the parameters'
   * dtype.
   *
   * @throws DTypeError for a dtype that isn't floating; BackendError when a next value is pending
   */
  to(dtype: FloatingDType): this {
    if (!isFloating(dtype)) throw new DTypeError(`to: ${String(dtype)} isn't float32 or float64`);
    for (const cell of this.#cells().values())
      if (isFloating(cell.dtype) && cell.dtype !== dtype) cell.restart((value) => cast(value, dtype));
    return this;
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

  /** The number of values in its parameters, frozen ones included. */
  parameterCount(): number {
    return [...this.#collect(isParameter).values()].reduce((count, { shape }) => count + sizeOf(shape), 0);
  }

  /** Prints a table of its layers, their shapes and parameter counts; `print` takes the text. Default: the console. */
  summary(print: (text: string) => void = console.log): void {
    print(summarize(this));
  }

  /** Node's console shows the table of `summary`. */
  [consoleMethod](depth: number): string {
    return depth < 0 ? `[${this.constructor.name}]` : summarize(this);
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
   * With `strict: false` entries may be missing or extra: a warm start sets what fits by name. Returns their names.
   *
   * @throws StateError that lists every missing, extra and wrong entry at once
   */
  loadStateDict(state: StateDict, options: { readonly strict?: boolean } = {}): StateMismatch {
    const cells = this.#cells();
    const mismatch = checkState("loadStateDict", state, cells, options.strict ?? true);
    for (const [name, cell] of cells) {
      const saved = entryOf(state, name);
      if (saved !== undefined) cell.load(saved.data.slice());
    }
    return mismatch;
  }

  #cells(): Map<string, Cell> {
    return new Map<string, Cell>([...this.#collect(isParameter), ...this.namedBuffers()]);
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

function walk(value: unknown, path: string, visit: (value: unknown, path: string) => void): void {
  visit(value, path);
  if (typeof value !== "object" || value === null || isCell(value)) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && !isModule(value) && prototype !== Object.prototype && prototype !== null) return;
  for (const [name, child] of Object.entries(value)) walk(child, path === "" ? name : `${path}.${name}`, visit);
}

/** The entries that a state lacks, and those that match no parameter or buffer. */
export interface StateMismatch {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

function entryOf(state: StateDict, name: string): TensorData | undefined {
  return Object.hasOwn(state, name) ? state[name] : undefined;
}

/** Compares saved entries with the cells that are to take them. @throws StateError */
export function checkState(
  op: string,
  state: StateDict,
  cells: ReadonlyMap<string, TensorType>,
  strict = true,
): StateMismatch {
  const missing = [...cells.keys()].filter((name) => !Object.hasOwn(state, name));
  const extra = Object.keys(state).filter((name) => !cells.has(name));
  const problems: string[] = [];
  for (const [name, cell] of cells) {
    const saved = entryOf(state, name);
    if (saved === undefined) {
      if (strict) problems.push(`missing: ${name} ${showShape(cell.shape)} ${cell.dtype}`);
      continue;
    }
    const size = sizeOf(saved.shape);
    if (!sameShape(saved.shape, cell.shape))
      problems.push(`wrong shape: ${name} is ${showShape(saved.shape)} but must be ${showShape(cell.shape)}`);
    else if (saved.dtype !== cell.dtype)
      problems.push(`wrong dtype: ${name} is ${saved.dtype} but must be ${cell.dtype}`);
    else if (saved.data.length !== size)
      problems.push(`wrong length: ${name} has ${saved.data.length} elements, not ${size}`);
  }
  if (strict) problems.push(...extra.map((name) => `extra: ${name}`));
  if (problems.length > 0) throw new StateError(`${op}: the state does not fit\n  ${problems.join("\n  ")}`);
  return { missing, extra };
}
