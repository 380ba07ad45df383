import { allocate } from "../contract/dtype.ts";
import { isEmpty } from "../graph/alias.ts";
import { takePending } from "../graph/cell.ts";
import { cut, isLeaf } from "../graph/leaf.ts";
import { forgetShared } from "../graph/op.ts";
import { advanceEpoch } from "../graph/recording.ts";
import { orTakeBack, takeActions } from "../graph/trace.ts";
import { Storage } from "../graph/storage.ts";
import { tensorsIn, type Tree } from "../graph/tree.ts";
import { planOf } from "../program/plan.ts";
import { hostValue } from "./host-value.ts";
import { checkFresh, inTurn, run } from "./runner.ts";

/**
 * Computes tensors, and with them every pending assignment: the only place where work happens.
 *
 * Everything is compiled together, once for each structure; a step like an earlier one runs without compiling.
 *
 * @throws StaleReadError when something was recorded on a cell's value that has been overwritten since
 * @example await realize(add(tensor([1]), 1)) // undefined
 */
export function realize(...targets: readonly Tree[]): Promise<void> {
  const tensors = [...new Set(targets.flatMap(tensorsIn))];
  // Draws are made for each run that reads them, until somebody asks for their numbers: then they are kept.
  for (const tensor of tensors) {
    const { source } = tensor.node;
    if (source?.kind === "host") cut(tensor, new Storage(tensor, source.produce()));
  }
  const updates = takePending();
  const actions = takeActions();
  forgetShared();
  advanceEpoch();
  for (const tensor of tensors) {
    if (isLeaf(tensor)) continue;
    const data = isEmpty(tensor) ? allocate(tensor.dtype, 0) : hostValue(tensor);
    if (data !== undefined) cut(tensor, new Storage(tensor, data));
  }
  const outputs = tensors.filter((tensor) => !isLeaf(tensor));
  const work = async () => {
    if (outputs.length === 0 && updates.length === 0) return;
    const plan = planOf(outputs, updates);
    for (const tensor of plan.leaves) checkFresh(tensor);
    const results = await run(plan);
    for (const [i, output] of outputs.entries()) cut(output, results[i]!);
  };
  return inTurn(() => orTakeBack(actions, work));
}
