import type { HeldLoop } from "./held-loop.ts";
import { outcomesOf, short, type Outcome } from "./outcome.ts";

/** How often the batch is repeated. */
const most = 300;
/** The loss must fall to this share of the first one. */
const share = 0.5;

/**
 * Repeats the first batch, with the same draws of dropout, until the loss is half of what it was: a model that cannot
 * learn one batch by heart does not learn.
 */
export async function* checkOneBatch(
  loop: HeldLoop,
  report: (outcome: Outcome) => void,
): AsyncGenerator<number, void, undefined> {
  const { passed, failed, notApplicable } = outcomesOf("one batch");
  loop.restore();
  let first: number | undefined;
  let lowest = Infinity;
  for (let time = 1; time <= most; time++) {
    loop.restoreBatch();
    loop.measured = {};
    yield 1;
    const { loss } = loop;
    if (loss === undefined) return report(notApplicable("its first step logs no loss: log({ loss })"));
    if (loss <= 0) return report(notApplicable(`its loss can be ${short(loss)}, so no share of it is a goal`));
    first ??= loss;
    lowest = Math.min(lowest, loss);
    if (loss <= share * first)
      return report(
        passed(`the loss of the first batch falls from ${short(first)} to ${short(loss)} in ${time} steps`),
      );
  }
  report(
    failed(`the loss of the first batch is ${short(first!)}, and at the lowest ${short(lowest)} in ${most} steps`),
  );
}
