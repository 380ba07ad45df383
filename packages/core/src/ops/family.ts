import { defaultDType } from "../contract/default-dtype.ts";
import { isCell } from "../graph/cell.ts";
import { dtypes, isFloating, type DType } from "../contract/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../contract/errors.ts";
import { defineOp, mayPass, record, type Accepts, type GradientRule, type OpDefinition } from "../graph/op.ts";
import { broadcastShapes, showShape } from "../contract/shape.ts";
import { isTensor, type Tensor, type TensorLike } from "../graph/tensor.ts";

/** A function that records an op; its definition rides along, so that tables and conformance suites find it. */
export type OpFunction<F> = F & { readonly op: OpDefinition };

/** Ties a function to the op that it records. */
export function withOp<F extends (...operands: never[]) => unknown>(op: OpDefinition, call: F): OpFunction<F> {
  return Object.assign(call, { op });
}

const constantOp: OpDefinition = {
  name: "constant",
  infer: (_inputs, attributes) => ({ shape: [], dtype: dtypeNames[attributes.dtype as number]! }),
};
const dtypeNames: readonly DType[] = dtypes;

/** A number baked into the program. */
export function constant(value: number, dtype: DType): Tensor {
  return record(constantOp, [], { value: representable(value, dtype), dtype: dtypeNames.indexOf(dtype) });
}

function representable(value: number, dtype: DType): number {
  if (dtype === "float32") return Math.fround(value);
  if (dtype === "int32") return value | 0;
  if (dtype === "uint32") return value >>> 0;
  return dtype === "bool" ? Number(value !== 0) : value;
}

/** A constant's value; undefined for anything else. */
export function constantValue(tensor: Tensor): number | undefined {
  return tensor.node.op === constantOp ? (tensor.node.attributes.value as number) : undefined;
}

/** A constant's value, if the constant may be looked past. */
function passedValue(tensor: Tensor): number | undefined {
  return mayPass(tensor) ? constantValue(tensor) : undefined;
}

/** Whatever an op takes, as a tensor. */
export function toTensor(x: TensorLike, dtype: DType = defaultDType()): Tensor {
  if (typeof x === "number") return constant(x, dtype);
  if (isTensor(x)) return x;
  if (isCell(x)) return x.read();
  throw new ArgumentError(
    `expected a tensor, a parameter or a number, but got ${x === null ? "null" : typeof x}\n` +
      "  make one with tensor(...)",
  );
}

const castOp = defineOp({
  name: "cast",
  shape: "... -> ...",
  accepts: "any",
  dtype: (_inputs, { to }) => to as DType,
  grad: (g, [x]) => [x !== undefined && isFloating(x.dtype) && isFloating(g.dtype) ? castTo(g, x.dtype) : undefined],
});

/**
 * The same values in another dtype. Floats become integers by cutting off the fraction; anything but 0 becomes true.
 */
export function castTo(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  const value = constantValue(x);
  return value === undefined
    ? record(castOp, [x], { to: dtype })
    : constant(
        Number.isNaN(value) && !isFloating(dtype)
          ? 0
          : Math.trunc(value) === value || isFloating(dtype)
            ? value
            : Math.trunc(value),
        dtype,
      );
}

export { castOp };

/**
 * The dtype of an operation on two, by PyTorch's rules: bool < int32 < float32 < float64.
 * @throws DTypeError for uint32 beside int32
 */
export function promoteTypes(op: string, a: DType, b: DType): DType {
  if (a === b) return a;
  if ((a === "int32" && b === "uint32") || (a === "uint32" && b === "int32")) {
    throw new DTypeError(`${op}: int32 and uint32 have no common dtype\n  convert one of them: cast(x, "int32")`);
  }
  return dtypeNames.indexOf(a) > dtypeNames.indexOf(b) ? a : b;
}

/**
 * Two operands in their common dtype. A plain number takes the tensor's dtype, or float32 where an integer tensor meets
 * a fraction.
 */
export function operands(op: string, a: TensorLike, b: TensorLike): readonly [Tensor, Tensor] {
  if (typeof a === "number" && typeof b === "number") return [constant(a, defaultDType()), constant(b, defaultDType())];
  if (typeof a === "number") return weak(a, toTensor(b));
  if (typeof b === "number") {
    const [y, x] = weak(b, toTensor(a));
    return [x, y];
  }
  const x = toTensor(a);
  const y = toTensor(b);
  if (x.dtype === y.dtype) return [x, y];
  const dtype = promoteTypes(op, x.dtype, y.dtype);
  return [castTo(x, dtype), castTo(y, dtype)];
}

function weak(value: number, x: Tensor): readonly [Tensor, Tensor] {
  if (isFloating(x.dtype)) return [constant(value, x.dtype), x];
  const dtype = !Number.isInteger(value) ? defaultDType() : x.dtype === "bool" ? "int32" : x.dtype;
  return [constant(value, dtype), castTo(x, dtype)];
}

interface UnaryDescription {
  readonly name: string;
  readonly accepts?: Accepts;
  readonly grad?: GradientRule;
  /** The value for one number, to fold constants. */
  readonly evaluate?: (x: number) => number;
  readonly simplify?: OpDefinition["simplify"];
  readonly expand?: OpDefinition["expand"];
}

/** An op of one operand, element by element. Integers become floats if the op needs them. */
export function unary({ evaluate, simplify, ...description }: UnaryDescription): OpFunction<(x: TensorLike) => Tensor> {
  const accepts = description.accepts ?? "floating";
  const op = defineOp({
    ...description,
    shape: "... -> ...",
    names: ["x"],
    accepts,
    elementwise: true,
    ...(simplify && { simplify }),
    bypass: (inputs, _attributes, type) => {
      const value = evaluate === undefined ? undefined : passedValue(inputs[0]!);
      return value === undefined ? undefined : constant(evaluate!(value), type.dtype);
    },
  });
  return withOp(op, (x) => {
    const operand = toTensor(x);
    const floating = accepts === "floating" && !isFloating(operand.dtype);
    return record(op, [floating ? castTo(operand, defaultDType()) : operand]);
  });
}

interface BinaryDescription {
  readonly name: string;
  readonly accepts?: Accepts;
  readonly dtype?: DType;
  readonly grad?: GradientRule;
  readonly evaluate?: (a: number, b: number) => number;
  /** The operand that leaves the other unchanged, if there is one. */
  readonly neutral?: { readonly left?: number; readonly right?: number };
}

/** An op of two operands that broadcast, element by element. */
export function binary({
  evaluate,
  neutral,
  ...description
}: BinaryDescription): OpFunction<(a: TensorLike, b: TensorLike) => Tensor> {
  const { name, accepts = "number" } = description;
  const op: OpDefinition = defineOp({
    ...description,
    accepts,
    shape: ([a, b]) => {
      const shape = broadcastShapes(a!.shape, b!.shape);
      if (shape === undefined) throw cannotBroadcast(name, a!, b!);
      return shape;
    },
    elementwise: true,
    bypass: (inputs, _attributes, type) => {
      const [a, b] = inputs as [Tensor, Tensor];
      const x = passedValue(a);
      const y = passedValue(b);
      if (x !== undefined && y !== undefined && evaluate !== undefined) return constant(evaluate(x, y), type.dtype);
      if (y !== undefined && y === neutral?.right && sameAs(a, type.shape)) return a;
      if (x !== undefined && x === neutral?.left && sameAs(b, type.shape)) return b;
      const left = unbroadcast(a, b, type.shape);
      const right = unbroadcast(b, left, type.shape);
      return left === a && right === b ? undefined : record(op, [left, right]);
    },
  });
  return withOp(op, (a, b) => {
    const [x, y] = operands(name, a, b);
    if (accepts === "floating" && !isFloating(x.dtype))
      return record(op, [castTo(x, defaultDType()), castTo(y, defaultDType())]);
    if (accepts === "number" && x.dtype === "bool") return record(op, [castTo(x, "int32"), castTo(y, "int32")]);
    return record(op, [x, y]);
  });
}

function sameAs(x: Tensor, shape: readonly number[]): boolean {
  return x.shape.length === shape.length && x.shape.every((length, i) => length === shape[i]);
}

/** The operand before it was broadcast, if the op broadcasts it anyway. */
function unbroadcast(x: Tensor, other: Tensor, shape: readonly number[]): Tensor {
  if (x.node.op.name !== "broadcastTo" || !mayPass(x)) return x;
  const small = x.node.inputs[0]!;
  const common = broadcastShapes(small.shape, other.shape);
  return common !== undefined && common.length === shape.length && common.every((length, i) => length === shape[i])
    ? small
    : x;
}

export function cannotBroadcast(name: string, a: Tensor, b: Tensor): ShapeError {
  const rank = Math.max(a.rank, b.rank);
  let clash = "";
  for (let i = 1; i <= rank; i++) {
    const x = a.shape[a.rank - i] ?? 1;
    const y = b.shape[b.rank - i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) clash = `axis ${-i} is ${x} in a but ${y} in b`;
  }
  return new ShapeError(
    `${name}: ${clash}\n  a: ${showShape(a.shape)}\n  b: ${showShape(b.shape)}\n` +
      "  lengths must be equal, or one of them 1",
  );
}
