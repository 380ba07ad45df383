import { sizeOf, type DType, type Shape, type TensorType } from "../contract/dtype.ts";
import { showShape } from "../contract/shape.ts";
import type { TensorMethods } from "../ops/methods.ts";
import type { TensorReading } from "../run/reading.ts";
import type { Cell } from "./cell.ts";
import type { Node } from "./node.ts";

/** What ops take: a tensor, a parameter or buffer (its latest value), or a plain number (baked into the program). */
export type TensorLike = Tensor | Cell | number;

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
  readonly shape: Shape;
  readonly dtype: DType;
  /** @internal What the graph knows of it, for authors of ops and backends. */
  readonly node: Node;

  constructor(type: TensorType, node: Node) {
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.node = node;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Frees the value at once. Reading it afterwards throws a DisposedError. */
  dispose(): void {
    if (this.node.source?.kind === "storage") this.node.source.storage.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Tensor(${this.node.op.name} ${showShape(this.shape)} ${this.dtype})`;
  }
}

// The ops and the readers are installed by src/install.ts: they stand above the graph, and need it.
export interface Tensor extends TensorMethods, TensorReading {}

Object.defineProperty(Tensor.prototype, tensorMark, { value: true });

/** Numbers or booleans, nested one array for each axis. */
export type NestedArray = number | boolean | readonly NestedArray[];

/** Whether a value is a tensor, also of another copy of core. */
export function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && tensorMark in value;
}
