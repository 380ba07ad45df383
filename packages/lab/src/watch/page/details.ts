import { h, type ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Histogram } from "../../diagnose/histogram-log.ts";
import { histogramsOf } from "../../view/histograms.ts";
import { findingsOf, modelTree, sampleOf } from "../../view/parts.ts";
import type { RunDetails, RunSummary } from "../messages.ts";
import { fetchDetails, fetchHistograms } from "./api.ts";
import { choice, field } from "./controls.ts";
import type { PageState, PartProps } from "./state.ts";

/** How many runs are shown side by side. */
const runsShown = 6;

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

/** The samples, findings, models or histograms of the runs that are drawn: one column for each. */
export function Details({ lines, state, set }: PartProps): ComponentChildren {
  const columns = lines.slice(0, runsShown).map(({ runs, color = "" }) => ({ run: runs[0]!, color }));
  const keys = [columns.map(({ run }) => [run.id, run.revision].join()).join()];
  const all = useFetched(
    () => Promise.all(columns.map(async ({ run }) => [run.id, await fetchDetails(run.id)] as const)),
    keys,
  );
  if (columns.length === 0) return h("p", { class: "faint" }, "No run is drawn.");
  if (all === undefined) return undefined;
  const details = new Map(all);
  const known = columns.flatMap(({ run, color }) => {
    const own = details.get(run.id);
    return own === undefined ? [] : [{ run, color, own }];
  });
  const content = ({ run, color, own }: (typeof known)[number]): ComponentChildren => {
    const none = (text: string) => h("p", { class: "faint" }, text);
    if (state.view === "samples") return samplesAt(own, state.step) ?? none("No samples.");
    if (state.view === "model") return own.model === undefined ? none("No model was recorded.") : modelTree(own.model);
    if (state.view === "findings")
      return own.findings.length === 0
        ? none("No findings. Runs with --diagnose look for problems.")
        : findingsOf(own.findings.toReversed());
    return own.histograms.length === 0
      ? none("No histograms. Runs with --histograms write them.")
      : h(Histograms, { run, color, key: run.id, of: chosenHistogram(own, state) });
  };
  return [
    state.view === "samples" && h(StepSlider, { details: known.map(({ own }) => own), state, set }),
    state.view === "histograms" && h(HistogramChoice, { details: known.map(({ own }) => own), state, set }),
    h(
      "div",
      { class: "columns" },
      known.map((column) =>
        h(
          "article",
          { key: column.run.id },
          h("h2", {}, h("span", { class: "swatch", style: { background: column.color } }), column.run.id),
          content(column),
        ),
      ),
    ),
  ];
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
