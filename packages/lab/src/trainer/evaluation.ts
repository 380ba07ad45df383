import { ArgumentError, compile, type Module, type Tensor } from "@ansatz/core";

export interface EvaluationOptions {
  /** How many batches to use; all unless given. */
  readonly most?: number;
  /** Called before each batch: a place to stop at, such as `() => interrupt.check()`. */
  readonly beforeBatch?: () => void;
}

/**
 * Measures a model over batches, in evaluation mode: returns a function that gives the mean of each figure over the
 * batches.
 *
 * The figures of a batch are scalars, computed by one compiled program.
 *
 * @throws ArgumentError when there is no batch
 * @example await evaluation(new Linear(1, 1), (x: Tensor) => ({ sum: sum(x) }))([tensor([1, 2]), tensor([3, 4])])  // { sum: 5 }
 */
export function evaluation<Batch, Name extends string>(
  model: Module,
  measure: (batch: Batch) => Readonly<Record<Name, Tensor>>,
): (batches: Iterable<Batch> | AsyncIterable<Batch>, options?: EvaluationOptions) => Promise<Record<Name, number>> {
  const figuresOf = compile((batch: Batch): Readonly<Record<string, Tensor>> => measure(batch));
  return async (batches, { most = Infinity, beforeBatch } = {}) => {
    const sums: Record<string, number> = {};
    let count = 0;
    const wasTraining = model.training;
    model.eval();
    try {
      for await (const batch of batches) {
        if (count >= most) break;
        beforeBatch?.();
        for (const [name, figure] of Object.entries(await figuresOf(batch)))
          sums[name] = (sums[name] ?? 0) + (await figure.item());
        count++;
      }
    } finally {
      if (wasTraining) model.train();
    }
    if (count === 0)
      throw new ArgumentError("evaluation: there is no batch to measure\n  look at the data, or use smaller batches");
    return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count])) as Record<Name, number>;
  };
}
