/** What a check of an experiment found. */
export interface Outcome {
  readonly check: string;
  readonly outcome: "passed" | "failed" | "not applicable";
  /** What was measured, where it failed, or why the check does not apply. */
  readonly detail: string;
}

/** The three outcomes of one check. */
export function outcomesOf(check: string) {
  const outcome = (outcome: Outcome["outcome"]) => (detail: string) => ({ check, outcome, detail }) as const;
  return { passed: outcome("passed"), failed: outcome("failed"), notApplicable: outcome("not applicable") };
}

/** A number in a sentence. */
export function short(value: number): string {
  return Number.isFinite(value) ? Number(value.toPrecision(4)).toString() : String(value);
}
