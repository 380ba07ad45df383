import type { TensorType } from "@ansatz/core/plugin";
import { functions } from "./functions.ts";
import { instructions } from "./instructions.ts";

const logical = ["not", "and", "or", "xor"];

/**
 * Whether SIMD kernels can compute an op with these types: an elementwise op on float32 and bool. Its operands may be
 * broadcast to the shape of the result.
 */
export function isElementwise(op: string, result: TensorType, operands: readonly TensorType[]): boolean {
  if (result.dtype !== "float32" && result.dtype !== "bool") return false;
  const all = (dtype: string): boolean => operands.every((operand) => operand.dtype === dtype);
  if (op === "broadcastTo") return all(result.dtype);
  if (op === "cast") return all("bool") && result.dtype === "float32";
  if (op === "where")
    return operands[0]?.dtype === "bool" && operands.slice(1).every(({ dtype }) => dtype === result.dtype);
  if (logical.includes(op)) return all("bool");
  return (Object.hasOwn(instructions, op) || Object.hasOwn(functions, op)) && all("float32");
}
