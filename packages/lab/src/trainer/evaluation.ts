import { alone, ArgumentError, compile, type Communicator, type Module, type Tensor } from "@ansatz/core";

export interface EvaluationOptions {
  /** The greatest number of batches to use. Default: all. */
  readonly most?: number;
  /** Called before each batch, e.g. `() => interrupt.check()` to stop there. */
  readonly beforeBatch?: () => void;
}

export interface EvaluatorOptions {
  /**
   * The processes that divide the batches, each of which must be given all of them: every process has the same figures,
   * up to rounding those of one. Default: this process alone.
   */
  readonly communicator?: Communicator;
}

/**
 * Evaluates a model in evaluation mode: returns a function that computes the mean of each figure over batches.
 *
 * The figures of a batch are scalars, and one compiled program computes them.
 *
 * @throws ArgumentError if there is no batch
 * @example const evaluate = evaluation(new Linear(1, 1), (x: Tensor) => ({ sum: sum(x) }));
 * await evaluate([tensor([1, 2]), tensor([3, 4])]) // { sum: 5 }
 */
export function evaluation<Batch, Name extends string>(
  model: Module,
  measure: (batch: Batch) => Readonly<Record<Name, Tensor>>,
  { communicator = alone }: EvaluatorOptions = {},
): (batches: Iterable<Batch> | AsyncIterable<Batch>, options?: EvaluationOptions) => Promise<Record<Name, number>> {
  const figuresOf = compile((batch: Batch): Readonly<Record<string, Tensor>> => measure(batch));
  return async (batches, { most = Infinity, beforeBatch } = {}) => {
    const sums: Record<string, number> = {};
    let count = 0;
    let other: { readonly batch: Batch } | undefined; // the last one that another process evaluates
    const add = async (batch: Batch) => {
      for (const [name, figure] of Object.entries(await figuresOf(batch)))
        sums[name] = (sums[name] ?? 0) + (await figure.item());
    };
    const wasTraining = model.training;
    model.eval();
    try {
      for await (const batch of batches) {
        if (count >= most) break;
        beforeBatch?.();
        if (count++ % communicator.size === communicator.rank) await add(batch);
        else other = { batch };
      }
      // A process without a batch of its own learns the names of the figures.
      if (count <= communicator.rank && other !== undefined)
        for (const name of Object.keys(await figuresOf(other.batch))) sums[name] = 0;
    } finally {
      if (wasTraining) model.train();
    }
    if (count === 0)
      throw new ArgumentError("evaluation: there are no batches\n  check the data, or use smaller batches");
    const totals = Float64Array.from(Object.values(sums));
    await communicator.sum(totals);
    return Object.fromEntries(Object.keys(sums).map((name, i) => [name, totals[i]! / count])) as Record<Name, number>;
  };
}
