import { mean } from "simple-statistics";
import { describeP, showWithin } from "../view/format.ts";
import type { RecordedRun } from "../report/recorded-run.ts";
import { significanceLevel } from "../statistics.ts";
import { finalValue, type RunGroup } from "./groups.ts";
import { holm, welchTest, type WelchTest } from "./welch.ts";

/** What the test says about two groups. */
export interface Judgement {
  readonly first: string;
  readonly second: string;
  readonly test: WelchTest | undefined;
  /** The p value, corrected for the number of pairs. */
  readonly p: number | undefined;
  readonly sentence: string;
}

/** The finite final values of a group, from which the statistics are computed. */
export function finalValues(group: RunGroup<RecordedRun>, metric: string): number[] {
  return group.runs.flatMap((run) => {
    const value = finalValue(run, metric);
    return value !== undefined && Number.isFinite(value) ? [value] : [];
  });
}

/**
 * Tests every pair of groups on a figure by Welch's t test with Holm's correction, and puts the results into sentences,
 * the smallest p value first.
 */
export function testPairs(groups: readonly RunGroup<RecordedRun>[], metric: string): Judgement[] {
  const pairs = groups.flatMap((first, i) =>
    groups
      .slice(i + 1)
      .map((second) => ({ first, second, test: welchTest(finalValues(first, metric), finalValues(second, metric)) })),
  );
  const tested = pairs.flatMap(({ test }) => (test === undefined ? [] : [test.p]));
  const corrected = holm(tested);
  let next = 0;
  const judgements = pairs.map(({ first, second, test }) => {
    const p = test === undefined ? undefined : corrected[next++]!;
    return {
      first: first.label,
      second: second.label,
      test,
      p,
      sentence: sentenceOf(first, second, metric, test, p, tested.length),
    };
  });
  return judgements.toSorted((a, b) => (a.p ?? 2) - (b.p ?? 2));
}

function sentenceOf(
  first: RunGroup<RecordedRun>,
  second: RunGroup<RecordedRun>,
  metric: string,
  test: WelchTest | undefined,
  p: number | undefined,
  pairs: number,
): string {
  const [a, b] = [finalValues(first, metric), finalValues(second, metric)];
  if (test === undefined || p === undefined) {
    const nothing = `Nothing can be said about ${metric} between “${first.label}” and “${second.label}”`;
    const few = [first, second].find((group) => finalValues(group, metric).length < 2);
    if (few !== undefined) {
      const count = finalValues(few, metric).length;
      const has = count === 0 ? "no finite value" : "one seed";
      return `${nothing}: “${few.label}” has ${has}, and at least two are needed.`;
    }
    return `${nothing}: all seeds of each group have the same value, so there is no spread to judge by.`;
  }
  const corrected = pairs > 1 ? `, corrected for ${pairs} pairs` : "";
  const show = (figure: number) => showWithin(figure, (test.high - test.low) / 2);
  const figures =
    `${show(mean(a))} (${a.length} seeds) against ${show(mean(b))} (${b.length}), ` +
    `a difference of ${show(test.difference)} with the 95 % interval ` +
    `${show(test.low)} to ${show(test.high)}; Welch's t test, ${describeP(p)}${corrected}`;
  const verdict =
    p < significanceLevel
      ? `is ${test.difference < 0 ? "lower" : "higher"} with “${first.label}” than with “${second.label}”`
      : `does not differ significantly between “${first.label}” and “${second.label}”`;
  return `${metric} ${verdict}: ${figures}.`;
}
