import { relative } from "node:path";
import { exportRuns, formats } from "../export/export-runs.ts";
import { UsageError } from "../settings.ts";
import { jsonOption, printJson, readCommandLine } from "./command-line.ts";

export const usage = {
  usage: "ansatz export FOLDER --FORMAT …    export a run, or all runs in a folder, for other tools",
  options: {
    tensorboard: { default: false, description: "an event file with scalars, samples and histograms" },
    csv: { default: false, description: "the metrics as CSV" },
    parquet: { default: false, description: "the metrics as Parquet" },
    output: { default: "", description: "where to write the files; without it, the runs' folders" },
    json: jsonOption,
  },
  names: { what: "the folder of a run", least: 1, most: 1 },
} as const;

/** Runs `ansatz export` with these words. @throws UsageError for words that it cannot read; RunError; WriteError */
export async function run(words: readonly string[]): Promise<void> {
  const read = readCommandLine(usage, words);
  if (read === undefined) return;
  const { output, json, ...given } = read.options;
  const wanted = formats.filter((format) => given[format]);
  if (wanted.length === 0)
    throw new UsageError(
      `export needs a format\n  give one or more of ${formats.map((format) => `--${format}`).join(", ")}`,
    );
  const written = await exportRuns(read.names[0]!, { formats: wanted, output: output || undefined });
  if (json) printJson({ files: written });
  else for (const path of written) console.log(relative("", path));
}
