import { isCell, type Cell } from "../graph/cell.ts";
import type { Tensor } from "../graph/tensor.ts";
import { leavesOf, type Tree } from "../graph/tree.ts";

/**
 * Frees the values of a tree that another one has replaced, such as the state of a loop: at once, so that the next can
 * have their memory. What the other tree still holds stays.
 */
export function disposeReplaced(before: Tree, after: Tree): void {
  const kept = new Set(leavesOf(after).map(valueOf));
  for (const leaf of leavesOf(before)) if (!isCell(leaf) && !kept.has(valueOf(leaf))) leaf.dispose();
}

/** Where the value of a leaf is. Several tensors can stand for one. */
function valueOf(leaf: Tensor | Cell): unknown {
  const source = isCell(leaf) ? undefined : leaf.node.source;
  return source?.kind === "storage" ? source.storage : leaf;
}
