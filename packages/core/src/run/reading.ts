import type { ArrayOf, DType, Shape, TypedArray } from "../contract/dtype.ts";
import { DTypeError, ShapeError } from "../contract/errors.ts";
import { showShape } from "../contract/shape.ts";
import { Cell, isParameter, isRunning } from "../graph/cell.ts";
import { Tensor, type NestedArray } from "../graph/tensor.ts";
import { hostValue } from "./host-value.ts";
import { realize } from "./realize.ts";
import { begin, checkFresh, readSource } from "./runner.ts";

/** Reading a tensor's values, which computes them first if need be. */
export interface TensorReading {
  /**
   * The values in row-major order; with a dtype, as its typed array.
   *
   * @throws DTypeError when the tensor is of another dtype; StaleReadError, DisposedError
   * @example await tensor([1, 2]).data("float32")  // [1, 2]
   */
  data(): Promise<TypedArray>;
  data<D extends DType>(dtype: D): Promise<ArrayOf<D>>;
  /**
   * The value of a tensor with one element, as a number (bool: 0 or 1).
   *
   * @throws ShapeError when there are more
   * @example await sum(tensor([1, 2])).item()  // 3
   */
  item(): Promise<number>;
  /**
   * The values as nested arrays of numbers; booleans for bool.
   *
   * @example await tensor([[1, 2]]).array()  // [[1, 2]]
   */
  array(): Promise<NestedArray>;
}

const reading: TensorReading & ThisType<Tensor> = {
  async data<D extends DType>(dtype?: D): Promise<ArrayOf<D>> {
    if (dtype !== undefined && dtype !== this.dtype)
      throw new DTypeError(
        `data: the tensor is ${this.dtype}, not ${dtype}\n` +
          `  convert it first: await cast(x, "${dtype}").data("${dtype}")`,
      );
    await realize(this);
    return (await valuesOf(this)) as ArrayOf<D>;
  },

  async item() {
    if (this.size !== 1)
      throw new ShapeError(
        `item: the tensor is ${showShape(this.shape)}, which has ${this.size} elements, not 1\n` +
          "  read them all with `await x.data()` or `await x.array()`",
      );
    return (await this.data())[0]!;
  },

  async array() {
    return nest(await this.data(), this.shape, this.dtype);
  },
};

/** Node's console asks an object for its text under this name. */
export const consoleMethod = Symbol.for("nodejs.util.inspect.custom");

/** Gives every tensor `data`, `item` and `array`, and tensors and cells their text in Node's console. */
export function installReading(): void {
  for (const [name, value] of Object.entries(reading))
    Object.defineProperty(Tensor.prototype, name, { configurable: true, writable: true, value });
  Object.defineProperty(Tensor.prototype, consoleMethod, { configurable: true, value: showTensor });
  Object.defineProperty(Cell.prototype, consoleMethod, { configurable: true, value: showCell });
}

/** The values of a realised tensor. */
async function valuesOf(tensor: Tensor): Promise<TypedArray> {
  const { source } = tensor.node;
  if (source !== undefined) {
    checkFresh(tensor);
    await begin([tensor]);
    return readSource(source);
  }
  throw new ShapeError(
    `a ${tensor.toString()} has no value: it stands for an argument while a function is traced\n` +
      "  return it from the function and read the result",
  );
}

/** The largest tensor, in elements, that the console shows with its values. */
const mostShown = 1_000;

type Inspect = (value: unknown, options: object) => string;

/** `Tensor [2] float32 [ 1, 2 ]`: the values if the host knows them. */
function showTensor(this: Tensor, _depth: number, options: object, inspect: Inspect): string {
  return show("Tensor", this, options, inspect);
}

/** The same of a parameter or buffer: `Parameter "weight" [2] float32 [ 1, 2 ]`. */
function showCell(this: Cell, _depth: number, options: object, inspect: Inspect): string {
  const kind = isParameter(this) ? "Parameter" : "Buffer";
  const title = this.name === undefined ? kind : `${kind} "${this.name}"`;
  if (isRunning(this)) return `${title} [${this.shape.join(", ")}] ${this.dtype}, being updated`;
  return show(title, this.read(), options, inspect);
}

function show(kind: string, x: Tensor, options: object, inspect: Inspect): string {
  const type = `${kind} [${x.shape.join(", ")}] ${x.dtype}`;
  const { source } = x.node;
  if (source?.kind === "cell" && source.cell.storage === undefined)
    return show(kind, source.cell.initial!, options, inspect);
  const storage =
    source?.kind === "cell" ? source.cell.storage : source?.kind === "storage" ? source.storage : undefined;
  const known = storage === undefined ? (source?.kind === "host" ? undefined : hostValue(x)) : storage.host;
  if (known !== undefined && x.size > mostShown) return `${type}, on the host`;
  if (known !== undefined) return `${type} ${inspect(nest(known, x.shape, x.dtype), options)}`;
  return `${type}, ${storage === undefined ? "not computed yet" : (storage.place ?? "disposed")}`;
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
