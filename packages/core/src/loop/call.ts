import type { Closure } from "../graph/closure.ts";
import { isFloating } from "../contract/dtype.ts";
import { backpropagate } from "../gradient/backpropagate.ts";
import { record, type OpDefinition } from "../graph/op.ts";
import { partsOf } from "../graph/part.ts";
import { substitute } from "../graph/closure.ts";
import type { Tensor } from "../graph/tensor.ts";

const callOp: OpDefinition = {
  name: "call",
  infer: (_inputs, _attributes, body) => body!.outputs.map(({ shape, dtype }) => ({ shape, dtype })),
  expand: (inputs, _attributes, body) => inline(body!, inputs),
  partsGradient: (gs, inputs, y) => {
    const outputs = inline(y.node.body!, inputs);
    return backpropagate(outputs, gs, inputs, new Set(inputs.filter((x) => isFloating(x.dtype))));
  },
};

/**
 * The results of a function that was traced once, as one node: its operations are written out when a program is
 * compiled.
 */
export function call(body: Closure, inputs: readonly Tensor[]): Tensor[] {
  return partsOf(record(callOp, [...body.captured, ...inputs], {}, body));
}

function inline(body: Closure, inputs: readonly Tensor[]): Tensor[] {
  return substitute(body.outputs, [...body.captured, ...body.placeholders], inputs);
}
