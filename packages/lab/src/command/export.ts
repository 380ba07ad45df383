import { relative } from "node:path";
import { defineCommand } from "citty";

export default defineCommand({
  meta: { name: "export", description: "export runs for other tools: TensorBoard event files, CSV, Parquet" },
  args: {
    folder: { type: "positional", description: "the folder of a run, or one that holds several", required: true },
    tensorboard: { type: "boolean", description: "an event file with scalars, samples and histograms" },
    csv: { type: "boolean", description: "the metrics as CSV" },
    parquet: { type: "boolean", description: "the metrics as Parquet" },
    output: { type: "string", description: "where to write the files (default: the runs' folders)" },
  },
  async run({ args }) {
    const [{ exportRuns, formats }, { UsageError }] = await Promise.all([
      import("../export/export-runs.ts"),
      import("../settings.ts"),
    ]);
    const wanted = formats.filter((format) => args[format] === true);
    if (wanted.length === 0)
      throw new UsageError(
        `export needs a format\n  give one or more of ${formats.map((format) => `--${format}`).join(", ")}`,
      );
    for (const path of await exportRuns(args.folder, { formats: wanted, output: args.output }))
      console.log(relative("", path));
  },
});
