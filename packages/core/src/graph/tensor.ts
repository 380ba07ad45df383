import type { Attributes } from "../contract/backend.ts";
import type { Cell } from "./cell.ts";
import type { DType, Shape, TensorType, TypedArray } from "../contract/dtype.ts";
import { sizeOf } from "../contract/dtype.ts";
import type { Closure } from "./closure.ts";
import type { OpDefinition } from "./op.ts";
import type { TensorMethods } from "../ops/methods.ts";
import { itemOf, readData, realize } from "../run/realize.ts";
import { showShape } from "../contract/shape.ts";
import type { Storage } from "./storage.ts";

/** Where a leaf's value comes from when a program is dispatched. */
export type Source =
  | { readonly kind: "storage"; readonly storage: Storage }
  | { readonly kind: "cell"; readonly cell: Cell; readonly version: number }
  | { readonly kind: "host"; readonly produce: Produce; readonly reusable?: boolean };

/**
 * Computes a value on the host, into an array of the right kind and length where one is given and it can be used again.
 */
export type Produce = (into?: TypedArray) => TypedArray;

/** What ops take: a tensor, a parameter or buffer (its latest value), or a plain number (baked into the program). */
export type TensorLike = Tensor | Cell | number;

let nextId = 1;
/** The number of the tensor made last. */
export function newestTensor(): number {
  return nextId - 1;
}

const tensorMark = Symbol.for("ansatz.tensor");

/**
 * A value that is described and not yet computed: a node of a lazy graph.
 *
 * Shape and dtype are known at once; numbers exist after `realize`, or when `data`, `item` or `array` ask for them.
 * A realised tensor forgets how it was made and holds its value until nothing refers to it, or until `dispose`.
 */
// eslint-disable-next-line no-unsafe-declaration-merging
export class Tensor implements TensorType {
  declare readonly [tensorMark]: true;
  readonly id: number = nextId++;
  readonly shape: Shape;
  readonly dtype: DType;
  /** The results of an op that has several; read through `part`. */
  readonly parts: readonly TensorType[] | undefined;
  /** What a scan does at each step. */
  readonly body: Closure | undefined;
  op: OpDefinition;
  inputs: readonly Tensor[];
  attributes: Attributes;
  /** Stands for the attributes where nodes are compared; 0 for none. */
  attributesId: number;
  /** Only of leaves. */
  source: Source | undefined;
  /** Whose gradient this is, where it is one. */
  gradientOf: Cell | undefined;
  /** The realisation count at which the oldest unread part of this graph was recorded. */
  born: number;
  /** The walk that saw it last, and the place it had there: where a Map would cost more than the walk. */
  walk = 0;
  position = 0;

  constructor(
    op: OpDefinition,
    inputs: readonly Tensor[],
    attributes: Attributes,
    attributesId: number,
    type: TensorType,
    born: number,
    parts?: readonly TensorType[],
    body?: Closure,
  ) {
    this.op = op;
    this.inputs = inputs;
    this.attributes = attributes;
    this.attributesId = attributesId;
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.parts = parts;
    this.body = body;
    this.source = undefined;
    this.gradientOf = undefined;
    this.born = born;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** The values in row-major order; computes what is pending. @throws StaleReadError, DisposedError */
  async data(): Promise<TypedArray> {
    await realize(this);
    return readData(this);
  }

  /** The value of a tensor with one element, as a number (bool: 0 or 1). @throws ShapeError when there are more. */
  async item(): Promise<number> {
    return itemOf(this, await this.data());
  }

  /** The values as nested arrays of numbers; booleans for bool. */
  async array(): Promise<NestedArray> {
    return nest(await this.data(), this.shape, this.dtype);
  }

  /** Frees the value at once. Reading it afterwards throws a DisposedError. */
  dispose(): void {
    if (this.source?.kind === "storage") this.source.storage.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Tensor(${this.op.name} ${showShape(this.shape)} ${this.dtype})`;
  }
}

export interface Tensor extends TensorMethods {}

Object.defineProperty(Tensor.prototype, tensorMark, { value: true });

/** Numbers or booleans, nested one array for each axis. */
export type NestedArray = number | boolean | readonly NestedArray[];

/** Whether a value is a tensor, of whichever copy of core. */
export function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && tensorMark in value;
}

function nest(data: TypedArray, shape: Shape, dtype: DType): NestedArray {
  const at = (i: number) => (dtype === "bool" ? data[i] !== 0 : data[i]!);
  const build = (axis: number, offset: number, stride: number): NestedArray => {
    if (axis === shape.length) return at(offset);
    const step = shape[axis] === 0 ? 0 : stride / shape[axis]!;
    return Array.from({ length: shape[axis]! }, (_, i) => build(axis + 1, offset + i * step, step));
  };
  return build(0, 0, data.length);
}
