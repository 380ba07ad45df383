import { allocate, type ArrayOf, type DType, type Shape, type TensorType, type TypedArray } from "../contract/dtype.ts";
import { ArgumentError, BackendError, DTypeError, ShapeError } from "../contract/errors.ts";
import { leaf } from "./leaf.ts";
import { sameShape, showShape } from "../contract/shape.ts";
import { Storage } from "./storage.ts";
import { isTensor, type Tensor } from "./tensor.ts";
import { guard, takeActions } from "./trace.ts";

const cellMark = Symbol.for("ansatz.cell");
const parameterMark = Symbol.for("ansatz.parameter");

/** Cells that wait for the next realisation to take their next value. */
const pending = new Set<Cell>();
/** Cells that the running program is about to change: one runs at a time. */
let running: readonly Cell[] = [];

/**
 * A value that lasts and changes: a parameter, a running statistic, an optimizer's moment.
 *
 * Ops take a cell as they take a tensor. `read` gives its latest value, pending or not; `assign` sets the next one,
 * which the next `realize` carries out.
 */
export class Cell implements TensorType {
  readonly [cellMark] = true;
  readonly shape: Shape;
  #dtype: DType;
  /** The path in the module that owns it, once known; for messages. */
  name: string | undefined;
  #initial: Tensor | undefined;
  #storage: Storage | undefined;
  #version = 0;
  #next: Tensor | undefined;
  #leaf: Tensor | undefined;

  constructor(initial: Tensor) {
    this.shape = initial.shape;
    this.#dtype = initial.dtype;
    this.#initial = initial;
  }

  get dtype(): DType {
    return this.#dtype;
  }

  /** The number of times that its value has changed. */
  get version(): number {
    return this.#version;
  }

  /** Its latest value as a tensor. */
  read(): Tensor {
    if (running.includes(this)) {
      throw new BackendError(
        `${this.describe()} was read while a step that changes it was running\n` +
          "  await realize(...) before recording the next step",
      );
    }
    const dtype = this.#dtype;
    guard(() => this.#dtype === dtype); // module.to may change it
    if (this.#next !== undefined) return this.#next;
    this.#leaf ??= leaf(this.shape, this.dtype, { kind: "cell", cell: this, version: this.#version });
    return this.#leaf;
  }

  /**
   * Sets its next value, of the same shape and dtype.
   * @throws ShapeError, DTypeError; ArgumentError for anything but a tensor
   */
  assign(value: Tensor): void {
    if (!isTensor(value))
      throw new ArgumentError(
        `assign: the next value of ${this.describe()} must be a tensor, ` +
          `but got ${value === null ? "null" : typeof value}\n` +
          "  make one with tensor(...); load(data) sets values from the host",
      );
    if (!sameShape(value.shape, this.shape)) {
      throw new ShapeError(
        `assign: ${this.describe()} is ${showShape(this.shape)} but its next value is ${showShape(value.shape)}`,
      );
    }
    if (value.dtype !== this.dtype)
      throw new DTypeError(
        `assign: ${this.describe()} is ${this.dtype} but its next value is ${value.dtype}\n` +
          `  convert it: cast(value, "${this.dtype}")`,
      );
    this.#next = value;
    pending.add(this);
  }

  /** Sets its value at once, from the host. The data is taken over. @throws ArgumentError when the length differs */
  load(data: TypedArray): void {
    const wanted = allocate(this.dtype, 0).constructor;
    const size = this.shape.reduce((product, length) => product * length, 1);
    if (data.constructor !== wanted || data.length !== size) {
      throw new ArgumentError(
        `load: ${this.describe()} needs ${size} elements of ${this.dtype}, ` +
          `not ${data.length} of ${data.constructor.name}`,
      );
    }
    this.discard();
    this.#initial = undefined;
    if (this.#storage === undefined) this.#storage = new Storage(this, data);
    else this.#storage.replaceHost(data);
    this.#advance();
  }

  /** Its values in row-major order; with a dtype, as its typed array. @throws DTypeError when it has another */
  data(): Promise<TypedArray>;
  data<D extends DType>(dtype: D): Promise<ArrayOf<D>>;
  data(dtype?: DType): Promise<TypedArray> {
    return dtype === undefined ? this.read().data() : this.read().data(dtype);
  }

  /**
   * Starts again from another value, which may have another dtype: `module.to` converts parameters so.
   *
   * @throws BackendError when a next value is pending
   */
  restart(change: (value: Tensor) => Tensor): void {
    if (this.#next !== undefined)
      throw new BackendError(`${this.describe()} has a pending value\n  await realize(...) before it is converted`);
    const storage = this.#storage;
    const value = storage === undefined ? this.#initial! : leaf(this.shape, this.dtype, { kind: "storage", storage });
    this.#initial = change(value);
    this.#dtype = this.#initial.dtype;
    this.#storage = undefined;
    this.#advance();
  }

  /** The tensor that gives the first value, until the first use. */
  get initial(): Tensor | undefined {
    return this.#initial;
  }

  /** Where the value lives; undefined before the first use. */
  get storage(): Storage | undefined {
    return this.#storage;
  }

  /** Gives it its first value. */
  begin(storage: Storage): void {
    this.#initial = undefined;
    this.#storage = storage;
  }

  /** Takes the pending value out, to compute it. */
  take(): Tensor {
    const next = this.#next!;
    this.discard();
    return next;
  }

  /** Forgets the pending value. */
  discard(): void {
    this.#next = undefined;
    pending.delete(this);
  }

  /** Marks that its value has changed: earlier reads are stale. */
  commit(): void {
    this.#advance();
  }

  /** Frees its value. */
  dispose(): void {
    this.discard();
    this.#storage?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What it is called in messages. */
  describe(): string {
    return this.name === undefined ? `a ${showShape(this.shape)} cell` : `"${this.name}"`;
  }

  #advance(): void {
    this.#version++;
    this.#leaf = undefined;
  }
}

/** A cell that training changes. */
export class Parameter extends Cell {
  readonly [parameterMark] = true;
  #trainable = true;

  /**
   * Whether training changes it now. A frozen parameter is saved like the others, but has no gradient and no update.
   */
  get trainable(): boolean {
    const value = this.#trainable;
    guard(() => this.#trainable === value);
    return value;
  }

  set trainable(trainable: boolean) {
    this.#trainable = trainable;
  }
}

/** A value that training changes, and that starts as the given tensor; with `trainable: false` it is frozen. */
export function parameter(initial: Tensor, options: { readonly trainable?: boolean } = {}): Parameter {
  const made = new Parameter(initial);
  made.trainable = options.trainable ?? true;
  return made;
}

/** A value that lasts and is not trained, such as a running mean. */
export function buffer(initial: Tensor): Cell {
  return new Cell(initial);
}

/** Whether a value is a cell, also of another copy of core. */
export function isCell(value: unknown): value is Cell {
  return typeof value === "object" && value !== null && cellMark in value;
}

/** Whether a value is a parameter, also of another copy of core. */
export function isParameter(value: unknown): value is Parameter {
  return typeof value === "object" && value !== null && parameterMark in value;
}

/** Whether any cell has a pending value. */
export function hasPending(): boolean {
  return pending.size > 0;
}

/** The next value of a cell, beside the leaf that stands for its present one. */
export interface CellUpdate {
  readonly cell: Cell;
  readonly leaf: Tensor;
  readonly value: Tensor;
}

/** Takes every pending value out, to compute it. */
export function takePending(): CellUpdate[] {
  return [...pending].map((cell) => {
    const value = cell.take();
    return { cell, leaf: cell.read(), value };
  });
}

/**
 * Forgets every pending value, as after an error in the middle of a step: each cell stays as it was, and no optimizer
 * has counted the step.
 */
export function discardPending(): void {
  for (const cell of pending) cell.discard();
  for (const takeBack of takeActions()) takeBack();
}

/** Whether a running program is about to change a cell. */
export function isRunning(cell: Cell): boolean {
  return running.includes(cell);
}

/** Guards cells against reads while their next value is computed. */
export async function whileRunning<R>(cells: readonly Cell[], body: () => Promise<R>): Promise<R> {
  running = cells;
  try {
    return await body();
  } finally {
    running = [];
  }
}
