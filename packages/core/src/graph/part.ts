import { record, type OpDefinition } from "./op.ts";
import type { Tensor } from "./tensor.ts";

const partOp: OpDefinition = {
  name: "part",
  infer: ([owner], { index }) => owner!.node.parts![index as number]!,
};

/** One result of an op that has several. */
export function part(owner: Tensor, index: number): Tensor {
  return record(partOp, [owner], { index });
}

/** Every result of an op that has several. */
export function partsOf(owner: Tensor): Tensor[] {
  return owner.node.parts!.map((_, index) => part(owner, index));
}
