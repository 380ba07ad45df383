import { numberOfCommunicator, type Communicator } from "../contract/communicator.ts";
import { isFloating } from "../contract/dtype.ts";
import { DTypeError } from "../contract/errors.ts";
import { isEmpty } from "../graph/alias.ts";
import { record, type OpDefinition } from "../graph/op.ts";
import { partsOf } from "../graph/part.ts";
import { isTensor } from "../graph/tensor.ts";
import { leavesOf, rebuild, tensorsIn, type MapTree, type Tree } from "../graph/tree.ts";
import { div } from "../ops/elementwise/arithmetic.ts";
import type { Tensor } from "../graph/tensor.ts";
import { asGradientOf } from "./gradient.ts";

/** All results are exchanged at once, so one op has them all. No backend sees it: a program ends before it. */
const sumOverRanksOp: OpDefinition = {
  name: "sumOverRanks",
  infer: (inputs) => inputs.map(({ shape, dtype }) => ({ shape, dtype })),
};

/**
 * The mean of each tensor over all processes of a communicator, usually of gradients: `all_reduce` in PyTorch, `pmean`
 * in JAX. The results still belong to their parameters.
 *
 *   ḡ = (g₀ + g₁ + … + gₙ₋₁) / n, added in the order of the ranks
 *
 * If each process computes the gradient of its share of a batch, that is the gradient of the whole batch. All tensors
 * of a call are exchanged as one flat array, while the step runs; all processes must run the same steps. Gradients do
 * not flow through it. With one process it changes nothing.
 *
 * @throws DTypeError for tensors that aren't float32 or float64
 * @example meanOverRanks([tensor([1, 2])], alone)[0] // [1, 2]
 */
export function meanOverRanks<S extends Tree>(tensors: S, communicator: Communicator): MapTree<S, Tensor> {
  const given = tensorsIn(tensors);
  const unfit = given.find(({ dtype }) => !isFloating(dtype));
  if (unfit !== undefined)
    throw new DTypeError(
      `meanOverRanks: a tensor is ${unfit.dtype}, which has no mean\n  convert it first: cast(x, "float32")`,
    );
  if (communicator.size === 1) return rebuild(tensors, given);
  const exchanged = given.filter((tensor) => !isEmpty(tensor));
  const attributes = { communicator: numberOfCommunicator(communicator) };
  const sums = exchanged.length === 0 ? [] : partsOf(record(sumOverRanksOp, exchanged, attributes));
  const meanOf = new Map(exchanged.map((tensor, i) => [tensor, div(sums[i]!, communicator.size)]));
  const owners = leavesOf(tensors).map((leaf) => (isTensor(leaf) ? leaf.node.gradientOf : undefined));
  return rebuild(
    tensors,
    given.map((tensor, i) => {
      const mean = meanOf.get(tensor) ?? tensor;
      return owners[i] === undefined ? mean : asGradientOf(owners[i], mean);
    }),
  );
}
