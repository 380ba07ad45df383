import { join } from "node:path";
import { readPlain } from "../read-plain.ts";
import { recordedNumber, parseJsonLines, parseObject } from "../view/parse-lines.ts";
import { findingOf, modelTreeOf, sampleOf } from "../report/recorded-run.ts";
import type { Histogram } from "../diagnose/histogram-log.ts";
import type { RunDetails } from "./messages.ts";

/** How much of the end of a run's text files is read, in bytes. */
const tail = 1 << 18;
/** The greatest number of histograms that are drawn for one parameter. */
const mostHistograms = 40;

/** Everything that the page shows of a run, except its curves. */
export function detailsOf(folder: string): RunDetails {
  const model = parseObject(readPlain(join(folder, "model.json")));
  const kinds = new Map(readHistograms(folder).map(({ name, of }) => [`${of} ${name}`, { name, of }]));
  return {
    samples: parseJsonLines(readPlain(join(folder, "samples.jsonl"), tail)).map(sampleOf),
    findings: parseJsonLines(readPlain(join(folder, "findings.jsonl"), tail)).map(findingOf),
    model: model === undefined ? undefined : modelTreeOf(model),
    histograms: [...kinds.values()],
  };
}

/** The histograms of one parameter or its gradient, over the steps. */
export function histogramsOf(folder: string, name: string, of: string): Histogram[] {
  const all = readHistograms(folder).filter((histogram) => histogram.name === name && histogram.of === of);
  const every = Math.max(1, Math.ceil(all.length / mostHistograms));
  return all.filter((_, i) => (all.length - 1 - i) % every === 0);
}

function readHistograms(folder: string): Histogram[] {
  return parseJsonLines(readPlain(join(folder, "histograms.jsonl"))).flatMap(({ step, name, of, edges, counts }) =>
    Array.isArray(edges) && Array.isArray(counts) && edges.length === counts.length + 1
      ? [
          {
            step: recordedNumber(step) ?? 0,
            name: String(name),
            of: of === "gradient" ? "gradient" : "weight",
            edges: edges.map(Number),
            counts: counts.map(Number),
          },
        ]
      : [],
  );
}
