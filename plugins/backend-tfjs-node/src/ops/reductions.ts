import { flagAttribute, numberAttribute, numbersAttribute } from "@ansatz/core/plugin";
import type { Prepare } from "@ansatz/tfjs";
import { operation, scalar, vector } from "../tensorflow.ts";

function reduction(name: string): Prepare {
  return (node, inputs, engine) => {
    if (inputs[0]!.dtype === "uint32") return undefined;
    const axes = numbersAttribute(node, "axes");
    return operation(engine, name, { keep_dims: flagAttribute(node, "keepDims") }, [vector(axes)]);
  };
}

/** Ops that reduce axes, and running sums. */
export const reductions: Readonly<Record<string, Prepare>> = {
  sum: reduction("Sum"),
  prod: reduction("Prod"),
  max: reduction("Max"),
  min: reduction("Min"),
  cumsum: (node, _inputs, engine) => operation(engine, "Cumsum", {}, [scalar(numberAttribute(node, "axis"))]),
};
