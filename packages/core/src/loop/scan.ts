import { Closure } from "../graph/closure.ts";
import type { TensorType } from "../contract/dtype.ts";
import { ArgumentError, ShapeError } from "../contract/errors.ts";
import { leaf } from "../graph/leaf.ts";
import type { OpDefinition } from "../graph/op.ts";
import { full } from "../ops/creation.ts";
import { toTensor } from "../ops/family.ts";
import { partsOf } from "../graph/part.ts";
import { collectDraws } from "../random/loop.ts";
import { reverseScan } from "./scan-gradient.ts";
import { recordScan, scanAttributes } from "./scan-node.ts";
import { sameShape, showShape } from "../contract/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { leavesOf, rebuild, type MapTree, type Tree } from "../graph/tree.ts";

export interface ScanOptions {
  /** From the last step to the first; outputs stay at their step's index. */
  readonly reverse?: boolean;
  /** The number of steps, if there are no sequences. */
  readonly length?: number;
}

const scanOp: OpDefinition = {
  name: "scan",
  infer: (_inputs, attributes, body) => {
    const { carries, length } = scanAttributes({ attributes });
    return body!.outputs.map(({ shape, dtype }, i): TensorType => ({
      shape: i < carries ? shape : [length, ...shape],
      dtype,
    }));
  },
  partsGradient: (gs, inputs, y) => reverseScan(gs, inputs, y),
};

/**
 * A loop over steps: `[carry, output] = step(carry, slice)`, from `init`, over the first axis of every tensor in
 * `sequences`.
 *
 * Returns the last carry and the outputs stacked along a new first axis. However long, it is one node of the graph; its
 * gradient is a loop too, to any order.
 *
 * @throws ShapeError when a carry changes its shape or the sequences differ in length; ArgumentError when nothing tells
 * the length
 * @example scan((total, x) => [total.add(x), total], tensor(0), tensor([1, 2, 3]))[0]  // 6
 */
export function scan<Carry extends Tree, Sequences extends Tree, Output extends Tree>(
  step: (carry: MapTree<Carry, Tensor>, slice: MapTree<Sequences, Tensor>) => readonly [carry: Tree, output: Output],
  init: Carry,
  sequences: Sequences,
  options: ScanOptions = {},
): [MapTree<Carry, Tensor>, MapTree<Output, Tensor>] {
  const carries = leavesOf(init).map((x) => toTensor(x));
  const scanned = leavesOf(sequences).map((x) => toTensor(x));
  const length = lengthOf(scanned, options.length);
  const carryIn = carries.map((x) => leaf(x.shape, x.dtype));
  const slices = scanned.map((x) => leaf(x.shape.slice(1), x.dtype));
  const { result, draws } = collectDraws(length, () => step(rebuild(init, carryIn), rebuild(sequences, slices)));
  const carryOut = leavesOf(result[0]).map((x) => toTensor(x));
  const outputs = leavesOf(result[1]).map((x) => toTensor(x));
  checkCarries(carries, carryOut);
  const all = [...scanned, ...draws.map((draw) => draw.stacked)];
  const body = new Closure([...carryIn, ...slices, ...draws.map((draw) => draw.slice)], [...carryOut, ...outputs]);
  if (length === 0)
    return [
      rebuild(init, carries) as MapTree<Carry, Tensor>,
      rebuild(
        result[1],
        outputs.map((y) => full([0, ...y.shape], 0, { dtype: y.dtype })),
      ) as MapTree<Output, Tensor>,
    ];
  const loop = recordScan(scanOp, body, carries, all, length, options.reverse ?? false);
  const parts = partsOf(loop);
  return [
    rebuild(init, parts.slice(0, carries.length)) as MapTree<Carry, Tensor>,
    rebuild(result[1], parts.slice(carries.length)) as MapTree<Output, Tensor>,
  ];
}

function lengthOf(sequences: readonly Tensor[], given: number | undefined): number {
  const length = given ?? sequences[0]?.shape[0];
  if (length === undefined)
    throw new ArgumentError(
      "scan: nothing tells the number of steps\n  give a sequence with at least one axis, or { length }",
    );
  for (const x of sequences) {
    if (x.shape[0] !== length)
      throw new ShapeError(
        `scan: the sequences differ in length: ${showShape(x.shape)} has ${x.shape[0] ?? "no"} steps, not ${length}`,
      );
  }
  return length;
}

function checkCarries(before: readonly Tensor[], after: readonly Tensor[]): void {
  if (before.length !== after.length)
    throw new ArgumentError(
      `scan: the step returns ${after.length} carried tensors but takes ${before.length}\n` +
        "  return them in the structure of the initial carry",
    );
  for (const [i, x] of before.entries()) {
    const y = after[i]!;
    if (!sameShape(x.shape, y.shape) || x.dtype !== y.dtype) {
      throw new ShapeError(
        `scan: carry ${i} enters a step as ${showShape(x.shape)} ${x.dtype} ` +
          `and leaves it as ${showShape(y.shape)} ${y.dtype}\n` +
          "  both must be the same",
      );
    }
  }
}
