import type { DType } from "@ansatz/core";
import { flagAttribute, numberAttribute, numbersAttribute, type TensorType } from "@ansatz/core/plugin";
import { dtypesOf } from "@ansatz/kernels";
import { kernelOf, type Prepare } from "./prepare.ts";
import { raggedProducts } from "./ragged-matmul.ts";

/** Whether a tfjs backend runs an op on a dtype, by tfjs or in plain TypeScript. */
export function supports(op: string, dtype: DType): boolean {
  return dtype !== "float64" && dtypesOf(op).includes(dtype);
}

const allFloat = (inputs: readonly TensorType[]) => inputs.every(({ dtype }) => dtype === "float32");

/** An op of one operand. */
function unary(kernel: string): Prepare {
  return (_node, inputs, engine) => {
    if (!allFloat(inputs)) return undefined;
    const run = kernelOf(engine, kernel);
    return ([x]) => run({ x: x! });
  };
}

/** An op of two operands that broadcast. */
function binary(kernel: string): Prepare {
  return (_node, inputs, engine) => {
    if (!allFloat(inputs)) return undefined;
    const run = kernelOf(engine, kernel);
    return ([a, b]) => run({ a: a!, b: b! });
  };
}

const reshape: Prepare = (node, _inputs, engine) => {
  const run = kernelOf(engine, "Reshape");
  return ([x]) => run({ x: x! }, { shape: [...node.shape] });
};

const transpose: Prepare = (node, _inputs, engine) => {
  const run = kernelOf(engine, "Transpose");
  const perm = [...numbersAttribute(node, "permutation")];
  return ([x]) => run({ x: x! }, { perm });
};

const sum: Prepare = (node, inputs, engine) => {
  if (!allFloat(inputs)) return undefined;
  const run = kernelOf(engine, "Sum");
  const attributes = { axis: [...numbersAttribute(node, "axes")], keepDims: flagAttribute(node, "keepDims") };
  return ([x]) => run({ x: x! }, attributes);
};

const concat: Prepare = (node, _inputs, engine) => {
  const run = kernelOf(engine, "Concat");
  return (values) => run(values, { axis: numberAttribute(node, "axis") });
};

const slice: Prepare = (node, _inputs, engine) => {
  if (!numbersAttribute(node, "step").every((step) => step === 1)) return undefined;
  const run = kernelOf(engine, "Slice");
  const attributes = { begin: [...numbersAttribute(node, "start")], size: [...node.shape] };
  return ([x]) => run({ x: x! }, attributes);
};

const where: Prepare = (node, inputs, engine) => {
  if (node.dtype !== "float32" || inputs.some(({ shape }) => shape.length === 0 || shape.join() !== node.shape.join()))
    return undefined;
  const run = kernelOf(engine, "Select");
  return ([condition, t, e]) => run({ condition: condition!, t: t!, e: e! });
};

const matmul: Prepare = (_node, inputs, engine) => {
  if (!allFloat(inputs)) return undefined;
  const run = kernelOf(engine, "BatchMatMul");
  return ([a, b]) => run({ a: a!, b: b! }, { transposeA: false, transposeB: false });
};

/** The ops that use tfjs's kernels. tfjs's maximum and minimum lose NaN, and its sine is wrong for large arguments. */
export const tfjsOps: Readonly<Record<string, Prepare>> = {
  neg: unary("Neg"),
  abs: unary("Abs"),
  exp: unary("Exp"),
  log: unary("Log"),
  sqrt: unary("Sqrt"),
  tanh: unary("Tanh"),
  sigmoid: unary("Sigmoid"),
  floor: unary("Floor"),
  ceil: unary("Ceil"),
  erf: unary("Erf"),
  add: binary("Add"),
  sub: binary("Sub"),
  mul: binary("Multiply"),
  div: binary("RealDiv"),
  pow: binary("Pow"),
  equal: binary("Equal"),
  less: binary("Less"),
  lessEqual: binary("LessEqual"),
  greater: binary("Greater"),
  greaterEqual: binary("GreaterEqual"),
  sum,
  matmul,
  ...raggedProducts,
  reshape,
  transpose,
  concat,
  slice,
  where,
};
