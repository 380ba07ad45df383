import { existsSync } from "node:fs";
import { UsageError } from "../settings.ts";
import { watch } from "../watch/server.ts";
import { jsonOption, printJson, readCommandLine } from "./command-line.ts";
import { typedAs } from "./typed-as.ts";

export const usage = {
  usage: "ansatz watch [FOLDER]    serve a page that shows the runs in a folder live, to you only; default: runs",
  options: {
    port: { default: 0, description: "the port; 0 for any free port", whole: true, least: 0, most: 65_535 },
    json: jsonOption,
  },
  names: { what: "the folder", least: 0, most: 1 },
} as const;

/** Runs `ansatz watch` with these words. @throws UsageError for words that it cannot read; WatchError */
export async function run(words: readonly string[]): Promise<void> {
  const read = readCommandLine(usage, words);
  if (read === undefined) return;
  const [folder = "runs"] = read.names;
  if (!existsSync(folder))
    throw new UsageError(
      `there is no folder ${folder}\n` +
        `  start a run first, or name the folder that holds the runs: ${typedAs("watch")} FOLDER`,
    );
  const { json, ...options } = read.options;
  const { url } = await watch(folder, options);
  if (json) printJson({ url, folder });
  else console.log(`${url}  shows the runs in ${folder}; Ctrl-C stops it`);
}
