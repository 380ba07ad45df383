/**
 * Draws results.json as docs/pictures/truncation.svg:
 *
 *     npx tsx --conditions=source experiments/truncation/src/draw.ts
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeText } from "@ansatz/lab";
import experiment from "./index.ts";
import { pictureOf, type SeedFigures, type Windows } from "./picture.ts";

const file = join(import.meta.dirname, "../results.json");
const { seeds } = JSON.parse(readFileSync(file, "utf8")) as { readonly seeds: readonly SeedFigures[] };
const windows = Object.fromEntries(
  Object.entries({ main: {}, ...experiment.baselines })
    .filter(([, own]) => !("carried" in own))
    .map(([variant, own]) => [variant, { window: experiment.settings["window"]!.default, ...own }.window]),
) as Windows;
await writeText(join(import.meta.dirname, "../../../docs/pictures"), "truncation.svg", await pictureOf(seeds, windows));
