import type { Attributes } from "../contract/backend.ts";
import type { TensorType, TypedArray } from "../contract/dtype.ts";
import type { Cell } from "./cell.ts";
import type { Closure } from "./closure.ts";
import type { OpDefinition } from "./op.ts";
import type { Storage } from "./storage.ts";
import type { Tensor } from "./tensor.ts";

/** Where a leaf's value comes from when a program is dispatched. */
export type Source =
  | { readonly kind: "storage"; readonly storage: Storage }
  | { readonly kind: "cell"; readonly cell: Cell; readonly version: number }
  | { readonly kind: "host"; readonly produce: Produce; readonly reusable?: boolean };

/** Computes a value on the host, into an array of the right kind and length if one is given and can be used again. */
export type Produce = (into?: TypedArray) => TypedArray;

let nextId = 1;

/** The number of the node made last. */
export function newestNode(): number {
  return nextId - 1;
}

/** What the graph knows of a tensor: how it is computed, or where its value comes from. */
export class Node {
  readonly id: number = nextId++;
  /** The results of an op that has several; read through `part`. */
  readonly parts: readonly TensorType[] | undefined;
  /** What a scan does at each step. */
  readonly body: Closure | undefined;
  op: OpDefinition;
  inputs: readonly Tensor[];
  attributes: Attributes;
  /** A number that stands for the attributes when nodes are compared; 0 for none. */
  attributesId: number;
  /** Only leaves have one. */
  source: Source | undefined;
  /** If this is a gradient: the cell that it belongs to. */
  gradientOf: Cell | undefined;
  /** The realisation count at which the oldest unread part of this graph was recorded. */
  born: number;
  /** The latest walk that saw it, and its place in that walk: a Map would cost more than the walk itself. */
  walk = 0;
  position = 0;

  constructor(
    op: OpDefinition,
    inputs: readonly Tensor[],
    attributes: Attributes,
    attributesId: number,
    born: number,
    parts?: readonly TensorType[],
    body?: Closure,
  ) {
    this.op = op;
    this.inputs = inputs;
    this.attributes = attributes;
    this.attributesId = attributesId;
    this.parts = parts;
    this.body = body;
    this.source = undefined;
    this.gradientOf = undefined;
    this.born = born;
  }
}
