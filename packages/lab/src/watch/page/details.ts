import { h, type ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Histogram } from "../../diagnose/histogram-log.ts";
import { histogramsOf } from "../../view/histograms.ts";
import { findingsOf, modelTree, sampleOf } from "../../view/parts.ts";
import type { RunDetails, RunSummary } from "../messages.ts";
import { fetchDetails, fetchHistograms } from "./api.ts";
import { choice, field } from "./controls.ts";
import type { PageState, PartProps } from "./state.ts";

/** How many runs are shown side by side, of how many that are drawn. */
const [runsShown, runsAsked] = [6, 24];

/** What is said of runs that have nothing to show. */
const nothing: Readonly<Record<string, string>> = {
  samples: "no samples",
  model: "no model on record",
  findings: "no findings; runs with --diagnose look for problems",
  histograms: "no histograms; runs with --histograms write them",
};

/** What was fetched when one of `keys` last changed; undefined until it is there. */
export function useFetched<T>(fetched: () => Promise<T | undefined>, keys: readonly unknown[]): T | undefined {
  const [value, keep] = useState<T>();
  useEffect(() => {
    let wanted = true;
    const quiet = () => undefined; // the next question of the page says what is wrong
    void fetched().then((found) => wanted && keep(found), quiet);
    return () => void (wanted = false);
  }, keys);
  return value;
}

/** The samples, findings, models or histograms of the runs that are drawn: a column for each that has any. */
export function Details({ lines, state, set }: PartProps): ComponentChildren {
  const asked = lines.slice(0, runsAsked).map(({ runs, color = "" }) => ({ run: runs[0]!, color }));
  const keys = [asked.map(({ run }) => [run.id, run.revision].join()).join()];
  const all = useFetched(() => Promise.all(asked.map(({ run }) => fetchDetails(run.id))), keys);
  if (asked.length === 0) return h("p", { class: "faint" }, "No run is drawn.");
  if (all === undefined) return undefined;
  const known = asked.flatMap(({ run, color }, i) => {
    const own = all[i];
    const content = own && contentOf(own, { run, color, state });
    return content === undefined ? [] : [{ run, color, own: own!, content }];
  });
  const columns = known.slice(0, runsShown);
  const details = columns.map(({ own }) => own);
  const without = asked.length - known.length;
  const note =
    without > 0
      ? `${without} of ${asked.length} runs: ${nothing[state.view]}.`
      : columns.length < lines.length && `The first ${columns.length} of ${lines.length} runs.`;
  return [
    state.view === "samples" && h(StepSlider, { details, state, set }),
    state.view === "histograms" && h(HistogramChoice, { details, state, set }),
    h(
      "div",
      { class: "columns" },
      columns.map(({ run, color, content }) =>
        h(
          "article",
          { key: run.id },
          h("h2", {}, h("span", { class: "swatch", style: { background: color } }), run.id),
          content,
        ),
      ),
    ),
    note !== false && h("p", { class: "faint" }, note),
  ];
}

/** What a run has to show in a view. */
function contentOf(
  own: RunDetails,
  { run, color, state }: { readonly run: RunSummary; readonly color: string; readonly state: PageState },
): ComponentChildren {
  if (state.view === "samples") return samplesAt(own, state.step);
  if (state.view === "model") return own.model && modelTree(own.model);
  if (state.view === "findings") return own.findings.length === 0 ? undefined : findingsOf(own.findings.toReversed());
  if (own.histograms.length === 0) return undefined;
  return h(Histograms, { run, color, key: run.id, of: chosenHistogram(own, state) });
}

interface ChoiceProps extends Omit<PartProps, "lines"> {
  readonly details: readonly RunDetails[];
}

/** The sample at a step, or the last one before it; the last of all for step 0. */
function samplesAt({ samples }: RunDetails, step: number): ComponentChildren {
  const shown = samples.findLast((sample) => step === 0 || sample.step <= step) ?? samples[0];
  return shown && sampleOf(shown);
}

/** A slider over all steps at which some run has a sample. */
function StepSlider({ details, state, set }: ChoiceProps): ComponentChildren {
  const all = new Set(details.flatMap(({ samples }) => samples.map(({ step }) => step)));
  const steps = [...all].toSorted((a, b) => a - b);
  if (steps.length < 2) return undefined;
  const last = steps.length - 1;
  const at = Math.max(0, state.step === 0 ? last : steps.findLastIndex((step) => step <= state.step));
  const range = { type: "range", min: 0, max: last, value: at, "aria-valuetext": `step ${steps[at]}` };
  const choose = ({ value }: { readonly value: string }) =>
    set({ step: Number(value) === last ? 0 : steps[Number(value)]! });
  return h(
    "div",
    { class: "tools" },
    field("step of the samples", range, choose, "long"),
    h("output", {}, steps[at]!.toLocaleString("en")),
  );
}

const keyOf = ({ name, of }: RunDetails["histograms"][number]) => `${of} ${name}`;

function chosenHistogram({ histograms }: RunDetails, { histogram }: PageState): RunDetails["histograms"][number] {
  return histograms.find((one) => keyOf(one) === histogram) ?? histograms[0]!;
}

/** The parameters of which there are histograms, and their gradients. */
function HistogramChoice({ details, state, set }: ChoiceProps): ComponentChildren {
  const keys = [...new Set(details.flatMap(({ histograms }) => histograms.map(keyOf)))];
  const chosen = keys.includes(state.histogram) ? state.histogram : keys[0]!;
  return (
    keys.length > 1 &&
    h(
      "div",
      { class: "tools" },
      choice("parameter", chosen, keys, (histogram) => set({ histogram })),
    )
  );
}

function Histograms({
  run,
  color,
  of: { name, of },
}: {
  readonly run: RunSummary;
  readonly color: string;
  readonly of: RunDetails["histograms"][number];
}): ComponentChildren {
  const found = useFetched(
    (): Promise<Histogram[]> => fetchHistograms(run.id, name, of),
    [run.id, run.revision, name, of],
  );
  const about = `${of} ${name}`;
  return found && [h("p", { class: "faint" }, about), histogramsOf(found, color, about)];
}
