import { defaultDType } from "../contract/default-dtype.ts";
import { allocate, dtypes, sizeOf, type DType, type Shape, type TypedArray } from "../contract/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../contract/errors.ts";
import { noAttributes } from "./numbering.ts";
import type { OpDefinition } from "./op.ts";
import { checkShape, showShape } from "../contract/shape.ts";
import { Storage } from "./storage.ts";
import { currentTrace } from "./trace.ts";
import { Node, type Source } from "./node.ts";
import { isTensor, Tensor, type NestedArray } from "./tensor.ts";

const leafOp: OpDefinition = {
  name: "leaf",
  infer: (inputs) => inputs[0]!,
};

const noInputs: readonly Tensor[] = [];

/** A tensor that is given a value and not computed. */
export function leaf(shape: Shape, dtype: DType, source?: Source): Tensor {
  const tensor = new Tensor({ shape, dtype }, new Node(leafOp, noInputs, noAttributes, 0, Infinity));
  tensor.node.source = source;
  return tensor;
}

/** A leaf over data on the host, which is taken over. */
export function leafOf(data: TypedArray, shape: Shape, dtype: DType): Tensor {
  return leaf(shape, dtype, { kind: "storage", storage: new Storage({ shape, dtype }, data) });
}

/** Whether a tensor's value is given: made so, or realised. */
export function isLeaf(tensor: Tensor): boolean {
  return tensor.node.op === leafOp;
}

/** Turns a realised tensor into a leaf that holds its value; how it was made is forgotten. */
export function cut(tensor: Tensor, storage: Storage): void {
  const { node } = tensor;
  node.op = leafOp;
  node.inputs = noInputs;
  node.attributes = noAttributes;
  node.attributesId = 0;
  node.source = { kind: "storage", storage };
  node.born = Infinity;
}

export interface TensorOptions {
  /** The shape of a flat array. Default: `[length]`. */
  readonly shape?: Shape;
  /**
   * Default: float32 (or the dtype of `withDType`) for numbers, bool for booleans, a typed array's own dtype. Bytes
   * become int32: a Uint8Array may hold pixels or truth values, so bool must be requested.
   */
  readonly dtype?: DType;
}

/**
 * A tensor of given values: a number, nested arrays, or a typed array (copied).
 *
 * @throws ShapeError for ragged arrays or data that does not fill the shape; DTypeError for an unknown dtype
 * @example tensor([[1, 2], [3, 4]])  // [[1, 2], [3, 4]]
 */
export function tensor(data: NestedArray | TypedArray, options: TensorOptions = {}): Tensor {
  if (options.dtype !== undefined) checkDType("tensor", options.dtype);
  if (ArrayBuffer.isView(data)) {
    const dtype = options.dtype ?? dtypeOf(data);
    const shape = checkShape("tensor", options.shape ?? [data.length]);
    return leafOf(convert(data, dtype), fitting(shape, data.length), dtype);
  }
  if (isTensor(data))
    throw new ArgumentError(
      "tensor: the data is a tensor already\n  use it as it is, or cast(x, dtype) for another dtype",
    );
  const flat: (number | boolean)[] = [];
  const nested = flatten(data, flat);
  const dtype = options.dtype ?? (typeof flat[0] === "boolean" ? "bool" : defaultDType());
  const shape = options.shape === undefined ? nested : fitting(checkShape("tensor", options.shape), flat.length);
  return leafOf(convert(flat.map(Number), dtype), shape, dtype);
}

/**
 * A tensor of whole numbers, int32: indices, labels, tokens.
 *
 * @throws ArgumentError for a fraction or a number that int32 does not hold; ShapeError for ragged arrays
 * @example integers([0, 3])  // [0, 3]
 */
export function integers(data: NestedArray | TypedArray, options: { readonly shape?: Shape } = {}): Tensor {
  const result = tensor(data, { ...options, dtype: "int32" });
  const given: ArrayLike<unknown> = ArrayBuffer.isView(data) ? data : valuesIn(data);
  const stray = data instanceof Int32Array ? undefined : Array.prototype.find.call(given, (value) => !isInt32(value));
  if (stray !== undefined)
    throw new ArgumentError(`integers: ${String(stray)} isn't a whole number of 32 bits\n  use tensor(...) for others`);
  return result;
}

function isInt32(value: unknown): boolean {
  return typeof value === "number" && (value | 0) === value;
}

function valuesIn(data: NestedArray): (number | boolean)[] {
  const values: (number | boolean)[] = [];
  flatten(data, values);
  return values;
}

export function checkDType(op: string, dtype: DType): DType {
  if (!dtypes.includes(dtype))
    throw new DTypeError(`${op}: "${String(dtype)}" is not a dtype\n  use one of ${dtypes.join(", ")}`);
  return dtype;
}

function fitting(shape: Shape, length: number): Shape {
  if (sizeOf(shape) !== length)
    throw new ShapeError(
      `tensor: ${length} values do not fill ${showShape(shape)}, which has ${sizeOf(shape)} elements`,
    );
  return shape;
}

function flatten(data: NestedArray, into: (number | boolean)[]): number[] {
  if (typeof data === "number" || typeof data === "boolean") {
    into.push(data);
    return [];
  }
  if (!Array.isArray(data))
    throw new ArgumentError(
      `tensor: cannot make a tensor of ${typeof data}\n  give a number, nested arrays of numbers, or a typed array`,
    );
  let inner: number[] | undefined;
  for (const item of data as readonly NestedArray[]) {
    const shape = flatten(item, into);
    if (inner !== undefined && showShape(inner) !== showShape(shape)) {
      throw new ShapeError(
        `tensor: ragged arrays, ${showShape(inner)} beside ${showShape(shape)}\n` +
          "  every array at one depth must have the same length",
      );
    }
    inner = shape;
  }
  return [data.length, ...(inner ?? [])];
}

function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof Uint32Array) return "uint32";
  if (data instanceof Uint8Array) return "int32";
  throw new DTypeError(
    "tensor: this kind of typed array has no dtype\n" +
      "  use a Float32Array, Float64Array, Int32Array, Uint32Array or Uint8Array",
  );
}

function convert(values: ArrayLike<number>, dtype: DType): TypedArray {
  const data = allocate(dtype, values.length);
  if (dtype === "bool") for (let i = 0; i < data.length; i++) data[i] = values[i] === 0 ? 0 : 1;
  else data.set(values);
  return data;
}

/**
 * A 0-d tensor that may change from step to step without recompiling: a learning rate, a temperature.
 *
 * A number is bound now. A function is called now, and inside `compile` at every call.
 *
 * @example mul(tensor([1, 2]), input(3))  // [3, 6]
 */
export function input(value: number | (() => number), options: { readonly dtype?: DType } = {}): Tensor {
  const dtype = checkDType("input", options.dtype ?? defaultDType());
  if (typeof value === "number") return leafOf(convert([value], dtype), [], dtype);
  return leaf(
    [],
    dtype,
    hostSource(() => convert([value()], dtype)),
  );
}

/** A source that the host computes: bound now, or at each call of a compiled function. */
export function hostSource(produce: () => TypedArray): Source {
  if (currentTrace() !== undefined) return { kind: "host", produce };
  const value = produce();
  return { kind: "host", produce: () => value };
}
