import { defaultDType } from "../../contract/default-dtype.ts";
import { defineOp, record } from "../../graph/op.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { mul, neg, sub } from "../elementwise/arithmetic.ts";
import { castTo, toTensor, withOp } from "../family.ts";
import { scatterAddAlongAxis, takeAlongAxis } from "../layout/indexing.ts";
import { indicesOf } from "../layout/indices.ts";
import { expandDims, squeeze } from "../layout/movement.ts";
import { softmax } from "./normalization.ts";
import { max } from "./reduction.ts";
import { log } from "../elementwise/transcendental.ts";
import { isFloating } from "../../contract/dtype.ts";

const crossEntropyOp = defineOp({
  name: "softmaxCrossEntropy",
  names: ["logits", "target"],
  accepts: ["floating", "number"],
  shape: "batch classes, batch -> batch",
  // ln Σ e^x = max x − ln(largest probability): the softmax is shared with the gradient, and its largest entry never
  // underflows.
  expand: (inputs) => {
    const [logits, target] = inputs as [Tensor, Tensor];
    const logPartition = sub(max(logits, 1), log(max(softmax(logits, 1), 1)));
    return sub(logPartition, squeeze(takeAlongAxis(logits, expandDims(target, 1), 1), 1));
  },
  grad: (g, inputs) => {
    const [logits, target] = inputs as [Tensor, Tensor];
    const column = expandDims(g, 1);
    return [scatterAddAlongAxis(mul(softmax(logits, 1), column), expandDims(target, 1), neg(column), 1), undefined];
  },
});

/**
 * Cross-entropy of each row with its target class: ln Σⱼ e^xⱼ − x[target].
 *
 * `logits` is [batch, classes], `target` [batch] of int32; the result is [batch], in nats.
 *
 * @throws ShapeError when the batch lengths differ; DTypeError when the targets are not whole numbers; BackendError,
 * when it runs, for a target that is negative or not below the number of classes
 * @example softmaxCrossEntropy(tensor([[0, 0]]), integers([1]))  // [0.6931]
 */
export const softmaxCrossEntropy = withOp(crossEntropyOp, (logits: TensorLike, target: TensorLike): Tensor => {
  const scores = toTensor(logits);
  const classes = indicesOf("softmaxCrossEntropy", target);
  return record(crossEntropyOp, [isFloating(scores.dtype) ? scores : castTo(scores, defaultDType()), classes]);
});
