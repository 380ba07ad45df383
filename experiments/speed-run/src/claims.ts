import type { Claim } from "@ansatz/lab";
import { records } from "./records/index.ts";

/** What a run came to: nats for each character of the last tenth, and the time of its training. */
export type Figures = { readonly validationLoss: number; readonly seconds: number };

/** The loss at which the clock stops, in nats for each character. */
export const target = 1.8;

/** The records in the order in which they were set, and the fastest. */
export const names = Object.keys(records);
export const latest = names.at(-1)!;

export const claims: readonly Claim<Figures>[] = [
  ...names.map((name): Claim<Figures> => ({
    claim: `${name} reaches ${target.toFixed(2)} nats`,
    value: (result, baselines) => figuresOf(name, result, baselines).validationLoss,
    atMost: target,
  })),
  ...names.slice(1).map((name, i): Claim<Figures> => ({
    claim: `${name} is faster than ${names[i]!}: ${records[name as keyof typeof records].idea}`,
    value: (result, baselines) =>
      figuresOf(names[i]!, result, baselines).seconds / figuresOf(name, result, baselines).seconds,
    moreThan: 1.05,
  })),
  {
    claim: `${latest} is at least twice as fast as ${names[0]!}`,
    value: (result, baselines) => figuresOf(names[0]!, result, baselines).seconds / result.seconds,
    atLeast: 2,
  },
];

function figuresOf(name: string, result: Figures, baselines: Readonly<{ [name: string]: Figures }>): Figures {
  return name === latest ? result : baselines[name]!;
}
