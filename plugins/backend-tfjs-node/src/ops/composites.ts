import { numberAttribute } from "@ansatz/core/plugin";
import { several, type Prepare } from "@ansatz/tfjs";
import { operation, vector } from "../tensorflow.ts";

/** Runs a TensorFlow op that works along the last axis along any axis: the two are swapped before and after it. */
function alongAxis(name: string): Prepare {
  return (node, _inputs, engine) => {
    const run = operation(engine, name);
    const [axis, last] = [numberAttribute(node, "axis"), node.shape.length - 1];
    if (axis === last) return run;
    const exchanged = node.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
    const exchange = operation(engine, "Transpose", {}, [vector(exchanged)]);
    return (inputs) => several(engine, (own) => exchange([own(run([own(exchange(inputs))]))]));
  };
}

/** Composite ops of core that TensorFlow has as single ops. */
export const composites: Readonly<Record<string, Prepare>> = {
  softmax: alongAxis("Softmax"),
  logSoftmax: alongAxis("LogSoftmax"),
  relu: (_node, _inputs, engine) => operation(engine, "Relu"),
  softplus: (_node, _inputs, engine) => operation(engine, "Softplus"),
};
