import { compile } from "@ansatz/core";
import type { TokenBatch, TokenWindows } from "@ansatz/data";
import { crossEntropy, type TransformerLM } from "@ansatz/nn";

/** Measures the mean loss, in nats a token, over at most so many batches in order. */
export function validation(model: TransformerLM, windows: TokenWindows, batch: number): (most: number, eachBatch?: () => void) => Promise<number> {
  const lossOf = compile(({ input, target }: TokenBatch) => crossEntropy(model.forward(input), target));
  return async (most, eachBatch) => {
    model.eval();
    try {
      let [total, count] = [0, 0];
      for (const tokens of windows.inOrder(batch)) {
        if (count === most) break;
        eachBatch?.();
        total += await (await lossOf({ ...tokens })).item();
        count++;
      }
      return total / count;
    } finally {
      model.train();
    }
  };
}
