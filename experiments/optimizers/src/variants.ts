import { arms } from "./rules.ts";
import { tasks } from "./tasks.ts";

/** Every rule on every task, but AdamW on the language model, which is the experiment itself: "lion", "cnn-lion", … */
export const baselines = Object.fromEntries(
  Object.keys(tasks).flatMap((task) =>
    Object.keys(arms)
      .filter((rule) => nameOf(task, rule) !== "adamw")
      .filter((rule) => task !== "quadratic" || rule !== "sophiaG") // which needs classes to sample from
      .map((rule) => [nameOf(task, rule), { task, rule }] as const),
  ),
);

/** The name of a variant in the results. */
export function nameOf(task: string, rule: string): string {
  return task === "gpt" ? rule : `${task}-${rule}`;
}
