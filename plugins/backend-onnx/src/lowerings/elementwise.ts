import {
  anything,
  bools,
  floats,
  type Lowering,
  type LoweringTable,
  signed,
  numbers,
  on,
  operand,
  same,
  typeOf,
} from "../model/lowering.ts";
import { operandsOf } from "./operands.ts";

/**
 * The floored remainder, which has the sign of the divisor. C's fmod has the sign of the dividend, so one divisor is
 * added where the signs differ.
 */
const remainderOfFloats: Lowering = (site) => {
  const { onnx } = site;
  const [a, b] = [operand(site, 0), operand(site, 1)];
  const zero = onnx.scalar("float32", 0);
  const rest = onnx.op("Mod", [a, b], { fmod: 1 });
  const differ = onnx.op("Xor", [onnx.op("Less", [rest, zero]), onnx.op("Less", [b, zero])]);
  const inexact = onnx.op("Not", [onnx.op("Equal", [rest, zero])]);
  return onnx.op("Where", [onnx.op("And", [inexact, differ]), onnx.op("Add", [rest, b]), rest]);
};

/**
 * onnxruntime crashes if an integer is divided by 0, or the least integer by −1. The remainder is 0 in both cases, as
 * it is for the divisor 1, which replaces them.
 */
const remainderOfIntegers: Lowering = (site) => {
  const { onnx } = site;
  const b = operand(site, 1);
  const isZero = onnx.op("Equal", [b, onnx.scalar("int32", 0)]);
  const isMinusOne = onnx.op("Equal", [b, onnx.scalar("int32", -1)]);
  const safe = onnx.op("Where", [onnx.op("Or", [isZero, isMinusOne]), onnx.scalar("int32", 1), b]);
  return onnx.op("Mod", [operand(site, 0), safe], { fmod: 0 });
};

/** A comparison. onnxruntime cannot compare uint32, so they are cast to int64, which keeps their order. */
function comparison(op: string, negated = false): Lowering {
  return (site) => {
    const { onnx } = site;
    const [a, b] = operandsOf(site).map((name) =>
      typeOf(site, 0).dtype === "uint32" ? onnx.cast(name, "int64") : name,
    ) as [string, string];
    const result = onnx.op(op, [a, b]);
    return negated ? onnx.op("Not", [result]) : result;
  };
}

/** A binary op that ONNX has with the same meaning. */
const direct =
  (op: string): Lowering =>
  (site) =>
    site.onnx.op(op, operandsOf(site));

/** Elementwise arithmetic, comparisons and logic. */
export const elementwise: LoweringTable = {
  neg: same(signed, "Neg"),
  abs: same(signed, "Abs"),
  sign: same(signed, "Sign"),
  exp: same(floats, "Exp"),
  log: same(floats, "Log"),
  sqrt: same(floats, "Sqrt"),
  sin: same(floats, "Sin"),
  cos: same(floats, "Cos"),
  tanh: same(floats, "Tanh"),
  erf: same(floats, "Erf"),
  sigmoid: same(floats, "Sigmoid"),
  floor: same(floats, "Floor"),
  ceil: same(floats, "Ceil"),
  round: same(floats, "Round"),
  sub: on(numbers, direct("Sub")),
  mul: on(numbers, direct("Mul")),
  div: on(floats, direct("Div")),
  pow: on(floats, direct("Pow")),
  maximum: on(numbers, direct("Max")),
  minimum: on(numbers, direct("Min")),
  remainder: on(signed, (site) => (site.node.dtype === "int32" ? remainderOfIntegers(site) : remainderOfFloats(site))),
  not: same(bools, "Not"),
  and: on(bools, direct("And")),
  or: on(bools, direct("Or")),
  xor: on(bools, direct("Xor")),
  equal: on(anything, comparison("Equal")),
  notEqual: on(anything, comparison("Equal", true)),
  less: on(numbers, comparison("Less")),
  lessEqual: on(numbers, comparison("LessOrEqual")),
  greater: on(numbers, comparison("Greater")),
  greaterEqual: on(numbers, comparison("GreaterOrEqual")),
};
