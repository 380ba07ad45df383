import { mkdir } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { defineCommand } from "citty";

/** How many judgements are printed; the page has all of them. */
const sentencesShown = 10;

export default defineCommand({
  meta: {
    name: "compare",
    description:
      "compare runs: curves with seed bands, settings that differ, and whether the differences are significant",
  },
  args: {
    runs: {
      type: "positional",
      description: "folders of runs; a folder of an experiment or a sweep stands for all of its runs",
      required: true,
    },
    metric: { type: "string", description: "the figure to test (default: the first figure of the results)" },
    output: { type: "string", description: "the page to write", default: "runs/comparison.html" },
  },
  async run({ args }) {
    const { compareRuns, writeComparison } = await import("../compare/compare.ts");
    const comparison = await compareRuns(args._, { metric: args.metric });
    await mkdir(dirname(args.output), { recursive: true });
    await writeComparison(args.output, comparison);
    for (const { sentence } of comparison.judgements.slice(0, sentencesShown)) console.log(sentence);
    if (comparison.judgements.length > sentencesShown)
      console.log(`… and ${comparison.judgements.length - sentencesShown} more pairs`);
    console.log(relative("", args.output));
  },
});
