import type { DType } from "@ansatz/core";
import type { Prepare } from "@ansatz/tfjs";
import { operation } from "../tensorflow.ts";

type Native = readonly DType[];
const float: Native = ["float32"];
const signed: Native = ["float32", "int32"];
const logical: Native = ["bool"];

/** A TensorFlow op for operands of these dtypes. For others TensorFlow has no such op, or one with another meaning. */
function on(dtypes: Native, name: string): Prepare {
  return (_node, inputs, engine) =>
    inputs.every(({ dtype }) => dtypes.includes(dtype)) ? operation(engine, name) : undefined;
}

/** Elementwise ops, whose operands broadcast. */
export const elementwise: Readonly<Record<string, Prepare>> = {
  neg: on(signed, "Neg"),
  abs: on(signed, "Abs"),
  sign: on(signed, "Sign"),
  exp: on(float, "Exp"),
  expm1: on(float, "Expm1"),
  log: on(float, "Log"),
  log1p: on(float, "Log1p"),
  sqrt: on(float, "Sqrt"),
  sin: on(float, "Sin"),
  cos: on(float, "Cos"),
  tanh: on(float, "Tanh"),
  sigmoid: on(float, "Sigmoid"),
  erf: on(float, "Erf"),
  floor: on(float, "Floor"),
  ceil: on(float, "Ceil"),
  round: on(float, "Round"),
  add: on(signed, "AddV2"),
  sub: on(signed, "Sub"),
  mul: on(signed, "Mul"),
  div: on(float, "RealDiv"),
  pow: on(float, "Pow"),
  maximum: on(signed, "Maximum"),
  minimum: on(signed, "Minimum"),
  equal: on([...signed, "bool"], "Equal"),
  notEqual: on([...signed, "bool"], "NotEqual"),
  less: on(signed, "Less"),
  lessEqual: on(signed, "LessEqual"),
  greater: on(signed, "Greater"),
  greaterEqual: on(signed, "GreaterEqual"),
  and: on(logical, "LogicalAnd"),
  or: on(logical, "LogicalOr"),
  xor: on(logical, "NotEqual"),
  not: on(logical, "LogicalNot"),
  where: (_node, _inputs, engine) => operation(engine, "SelectV2"),
  // Everything before it has already run; only the first operand is a value.
  barrier: (_node, _inputs, engine) => {
    const run = operation(engine, "Identity");
    return ([x]) => run([x!]);
  },
  // Casts from float to integer saturate in core, but not in TensorFlow. It holds uint32 as int32.
  cast: (node, [x], engine) => {
    if (x?.dtype === "uint32" || node.dtype === "uint32" || (x?.dtype === "float32" && node.dtype === "int32"))
      return undefined;
    return operation(engine, "Cast", { DstT: { dtype: node.dtype as "float32" } });
  },
};
