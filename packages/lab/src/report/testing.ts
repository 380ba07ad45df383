import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { h } from "preact";
import { renderToString } from "preact-render-to-string";

/** The contents of a run's folder besides the files that every run has. */
export interface RunFolderContents {
  readonly experiment?: string;
  readonly settings?: Readonly<Record<string, number | string | boolean>>;
  readonly about?: Readonly<Record<string, unknown>>;
  readonly metrics?: readonly Readonly<Record<string, number | string>>[];
  readonly samples?: readonly { readonly step: number; readonly text: string }[];
  readonly model?: unknown;
  readonly findings?: readonly unknown[];
  readonly histograms?: readonly unknown[];
  readonly spent?: readonly unknown[];
  readonly status?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, number>>;
}

/** Makes a run's folder as a run leaves it. */
export function makeRunFolder(folder: string, contents: RunFolderContents = {}): string {
  const {
    experiment = "sorting",
    settings = { learningRate: 1e-3, seed: 1 },
    about,
    metrics = [],
    samples,
    model,
    findings,
    histograms,
    spent,
    status,
    result,
  } = contents;
  mkdirSync(folder, { recursive: true });
  const json = (name: string, value: unknown) =>
    value !== undefined && writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  const lines = (name: string, values: readonly unknown[] | undefined) =>
    values !== undefined &&
    writeFileSync(join(folder, name), values.map((value) => `${JSON.stringify(value)}\n`).join(""));
  json("settings.json", settings);
  json("run.json", {
    experiment,
    question: "Does it sort?",
    seed: settings["seed"],
    started: "2026-01-01T12:00:00.000Z",
    command: ["ansatz", "run", experiment],
    node: "v20.19.0",
    platform: "linux x64",
    cpu: "2 cores",
    memoryGiB: 8,
    packages: { "@ansatz/core": "0.1.0" },
    backend: "cpu",
    ...about,
  });
  json("model.json", model);
  json("status.json", status);
  json("result.json", result);
  lines("metrics.jsonl", metrics);
  lines("samples.jsonl", samples);
  lines("findings.jsonl", findings);
  lines("histograms.jsonl", histograms);
  lines("spent.jsonl", spent);
  return folder;
}

/** Lines of metrics for steps 1 to `count`. */
export function measurements(
  count: number,
  at: (step: number) => Readonly<Record<string, number | string>>,
): Record<string, number | string>[] {
  return Array.from({ length: count }, (_, i) => ({ step: i + 1, ...at(i + 1) }));
}

/** A text that does harm if it is taken for HTML, JavaScript or a path. */
export const hostile = `</script><script>alert(1)</script><img src=x onerror="alert(2)">'"\`\${x}../../etc/passwd&amp;`;

/** The same as a page shows it. */
export const escaped: string = renderToString(h("i", {}, hostile)).slice(3, -4);
