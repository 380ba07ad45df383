import { mean } from "simple-statistics";
import { showNumber } from "../report/format.ts";
import { finalValue, type RunGroup } from "./groups.ts";
import { holm, welchTest, type WelchTest } from "./welch.ts";

/** Below this a difference is called significant. */
const level = 0.05;

/** What can be said of two groups. */
export interface Judgement {
  readonly first: string;
  readonly second: string;
  readonly test: WelchTest | undefined;
  /** The p value as corrected for all pairs that are looked at. */
  readonly p: number | undefined;
  readonly sentence: string;
}

/** The final values of a group that are finite: what statistics are made of. */
export function finalValues(group: RunGroup, metric: string): number[] {
  return group.runs.flatMap((run) => {
    const value = finalValue(run, metric);
    return value !== undefined && Number.isFinite(value) ? [value] : [];
  });
}

/**
 * Tests every pair of groups on a figure, by Welch's t test, with Holm's correction; says it in sentences, the surest
 * first.
 */
export function testPairs(groups: readonly RunGroup[], metric: string): Judgement[] {
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
  first: RunGroup,
  second: RunGroup,
  metric: string,
  test: WelchTest | undefined,
  p: number | undefined,
  pairs: number,
): string {
  const [a, b] = [finalValues(first, metric), finalValues(second, metric)];
  if (test === undefined || p === undefined) {
    const few = [first, second].find((group) => finalValues(group, metric).length < 2);
    if (few !== undefined) {
      const count = finalValues(few, metric).length;
      return `Nothing can be said of ${metric} between “${first.label}” and “${second.label}”: “${few.label}” has ${count === 0 ? "no finite value" : "one seed"}, and at least two are needed.`;
    }
    return `Nothing can be said of ${metric} between “${first.label}” and “${second.label}”: all seeds of each came to one value, so there is no spread to judge by.`;
  }
  const corrected = pairs > 1 ? `, corrected for ${pairs} pairs` : "";
  const figures = `${showNumber(mean(a))} (${a.length} seeds) against ${showNumber(mean(b))} (${b.length}), a difference of ${showNumber(test.difference)} with the 95 % interval ${showNumber(test.low)} to ${showNumber(test.high)}; Welch's t test, p = ${showP(p)}${corrected}`;
  const verdict =
    p < level
      ? `is ${test.difference < 0 ? "lower" : "higher"} with “${first.label}” than with “${second.label}”`
      : `does not differ significantly between “${first.label}” and “${second.label}”`;
  return `${metric} ${verdict}: ${figures}.`;
}

function showP(p: number): string {
  return p < 1e-4 ? "less than 0.0001" : p.toPrecision(2);
}
