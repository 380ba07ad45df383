/**
 * Draws the results of `pnpm bench --json FILE.json` as FILE.svg:
 *
 *     npx tsx --conditions=source bench/draw.ts docs/benchmarks/FILE.json
 */
import { readFileSync, writeFileSync } from "node:fs";
import { svgOf } from "@ansatz/lab";
import type { Circumstances } from "./circumstances.ts";
import type { Result } from "./rounds.ts";

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("draw.ts needs a file that --json wrote");
const { machine, date, commit, dirty, rounds, results } = JSON.parse(readFileSync(file, "utf8")) as Circumstances & {
  readonly rounds: number;
  readonly results: readonly Result[];
};

const values = results.flatMap(({ work, engine, ratios }) =>
  Object.entries(ratios).map(([peer, { median, low, high }]) => ({ work, engine, peer, median, low, high })),
);
if (values.length === 0) throw new Error(`${file} compares with no peer: measure with --peers`);
const ends = values.flatMap(({ low, high }) => [low, high, 1]);
const x = {
  type: "quantitative" as const,
  scale: { type: "log" as const, nice: false, domain: [0.9 * Math.min(...ends), 1.1 * Math.max(...ends)] },
  title: "time of a step, divided by the peer's; left of 1 is faster",
};
const y = { field: "work", type: "nominal", sort: null, title: null } as const;
const yOffset = { field: "engine", type: "nominal" } as const;
const color = { field: "engine", type: "nominal", title: "engine" } as const;
const svg = await svgOf({
  title: {
    text: `${machine.cpu}, ${machine.cores} cores, ${machine.instructions}, Node ${machine.node.slice(1)}`,
    subtitle: [
      `${date.slice(0, 10)}, commit ${commit.slice(0, 10)}${dirty ? " with changes" : ""}; ` +
        `the median of ${rounds} rounds, and their least and greatest`,
    ],
    anchor: "start",
  },
  data: { values },
  facet: { column: { field: "peer", type: "nominal", title: null } },
  spec: {
    width: 420,
    height: { step: 11 },
    layer: [
      { mark: { type: "rule", strokeDash: [4, 3], color: "gray" }, encoding: { x: { datum: 1 } } },
      {
        mark: { type: "rule", strokeWidth: 2 },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y, yOffset, color },
      },
      {
        mark: { type: "point", filled: true, size: 45 },
        encoding: { x: { ...x, field: "median" }, y, yOffset, color },
      },
    ],
  },
});
writeFileSync(file.replace(/\.json$/, ".svg"), `${svg}\n`);
