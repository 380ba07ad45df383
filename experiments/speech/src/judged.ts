import { compile, concat, type Tensor } from "@ansatz/core";
import { DataLoader } from "@ansatz/data";
import { ctcBeamDecode, ctcGreedyDecode } from "@ansatz/nn";
import { distance } from "fastest-levenshtein";
import { mean, sum } from "simple-statistics";
import type { Listener } from "./listener.ts";
import type { Utterances } from "./utterances.ts";

const batchSize = 50;

export type Judged = {
  /** Edits between what was heard and what was said, for each digit that was said: by the best path. */
  readonly labelErrorRate: number;
  /** The same by prefix search. */
  readonly labelErrorRateByPrefixes: number;
  /** The share of steps inside digits at which a blank is the likeliest label. */
  readonly blankInside: number;
  /** The share of utterances that were heard without a mistake, by the best path. */
  readonly utteranceAccuracy: number;
};

/** The probabilities of the labels at the steps of each utterance. */
export type Posteriors = readonly (readonly (readonly number[])[])[];

export async function judged(
  model: Listener,
  heard: Utterances,
  beams: number,
): Promise<{ readonly figures: Judged; readonly posteriors: Posteriors }> {
  const listen = compile((sound: Tensor, steps: Tensor) => model.forward(sound, steps));
  const { data: lengths } = heard.columns.columns.steps;
  const scores: Tensor[] = [];
  for await (const { sound, steps } of new DataLoader(heard.columns, { batchSize }))
    scores.push(await listen(sound, steps));
  const all = concat(scores, 1); // [steps, utterances, labels]
  const options = { lengths: [...lengths] };
  const bestPaths = await ctcGreedyDecode(all, options);
  const prefixes = (await ctcBeamDecode(all, { ...options, beams })).map(([best]) => best!.labels);
  const rows = (await all.array()) as number[][][];
  const posteriors = heard.places.map((_, i) => rows.slice(0, lengths[i]).map((step) => step[i]!.map(Math.exp)));
  const said = heard.places.map((places) => places.map(({ digit }) => digit.digit + 1));
  const edits = editsOf(bestPaths, said);
  const digits = sum(said.map(({ length }) => length));
  const inside = posteriors.flatMap((steps, i) =>
    heard.places[i]!.flatMap(({ from, to }) =>
      steps.slice(from, to).map((step) => Number(step[0] === Math.max(...step))),
    ),
  );
  return {
    posteriors,
    figures: {
      labelErrorRate: sum(edits) / digits,
      labelErrorRateByPrefixes: sum(editsOf(prefixes, said)) / digits,
      blankInside: mean(inside),
      utteranceAccuracy: mean(edits.map((count) => Number(count === 0))),
    },
  };
}

const editsOf = (heard: readonly (readonly number[])[], said: readonly (readonly number[])[]): number[] =>
  heard.map((labels, i) => distance(textOf(labels), textOf(said[i]!)));

/** A character for each label, as the edit distance takes text. */
const textOf = (labels: readonly number[]): string => String.fromCharCode(...labels);
