import { ShapeError, type Tensor } from "@ansatz/core";
import { sameShape, showShape } from "@ansatz/core/plugin";

/** @throws ShapeError unless two tensors have the same shape: broadcasting in a loss is usually a mistake */
export function checkSameShape(loss: string, names: readonly [string, string], a: Tensor, b: Tensor): void {
  if (sameShape(a.shape, b.shape)) return;
  throw new ShapeError(
    `${loss}: ${names[0]} and ${names[1]} differ in shape\n` +
      `  ${names[0]}: ${showShape(a.shape)}\n` +
      `  ${names[1]}: ${showShape(b.shape)}\n` +
      "  reshape one of them, or use broadcastTo if you mean to broadcast",
  );
}
