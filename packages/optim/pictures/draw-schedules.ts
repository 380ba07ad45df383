/**
 * Draws every schedule over 100 steps as docs/pictures/schedules/NAME.svg:
 *
 *     npx tsx --conditions=source packages/optim/pictures/draw-schedules.ts
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import type { Schedule } from "@ansatz/core";
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import {
  constant,
  cosine,
  cosineRestarts,
  cyclic,
  exponential,
  join,
  linear,
  oneCycle,
  polynomial,
  ReduceOnPlateau,
  stepDecay,
  warmup,
} from "../src/index.ts";

const steps = 100;
const plateau = new ReduceOnPlateau(1, { factor: 0.5, patience: 4 });

/** A loss that falls in stairs, more and more slowly, so that the plateau schedule falls. */
function observed(step: number): number {
  const value = plateau.schedule(step);
  plateau.observe(1 / (1 + Math.floor(Math.sqrt(step))));
  return value;
}

const schedules: Readonly<Record<string, readonly [code: string, schedule: Schedule]>> = {
  constant: ["constant(1)", constant(1)],
  warmup: ["warmup(20, cosine(1, 80))", warmup(20, cosine(1, 80))],
  linear: ["linear(1, 0.1, 80)", linear(1, 0.1, 80)],
  cosine: ["cosine(1, 80, { floor: 0.1 })", cosine(1, 80, { floor: 0.1 })],
  "cosine-restarts": ["cosineRestarts(1, 15, { growth: 2 })", cosineRestarts(1, 15, { growth: 2 })],
  cyclic: ["cyclic(0.1, 1, 10, { cycleFactor: 0.7 })", cyclic(0.1, 1, 10, { cycleFactor: 0.7 })],
  exponential: ["exponential(1, 0.96)", exponential(1, 0.96)],
  "step-decay": ["stepDecay(1, 25, { factor: 0.5 })", stepDecay(1, 25, { factor: 0.5 })],
  "one-cycle": ["oneCycle(1, 101)", oneCycle(1, 101)],
  polynomial: ["polynomial(1, 80, { power: 2 })", polynomial(1, 80, { power: 2 })],
  "reduce-on-plateau": ["new ReduceOnPlateau(1, { factor: 0.5, patience: 4 })", observed],
  join: [
    "join([linear(0.2, 1, 20), constant(1), cosine(1, 40)], [20, 60])",
    join([linear(0.2, 1, 20), constant(1), cosine(1, 40)], [20, 60]),
  ],
};

async function draw(code: string, schedule: Schedule): Promise<string> {
  const specification: TopLevelSpec = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width: 260,
    height: 120,
    background: "white",
    padding: 10,
    title: {
      text: code,
      anchor: "start",
      fontSize: 11,
      fontWeight: "normal",
      font: "DejaVu Sans Mono, Menlo, monospace",
    },
    data: { values: Array.from({ length: steps + 1 }, (_, step) => ({ step, value: schedule(step) })) },
    mark: { type: "line", strokeWidth: 2, color: "#2f6690" },
    encoding: {
      x: { field: "step", type: "quantitative", title: "step" },
      y: { field: "value", type: "quantitative", title: null, scale: { domain: [0, 1.05] } },
    },
    config: {
      font: "DejaVu Sans, Helvetica, Arial, sans-serif",
      axis: { grid: true, gridOpacity: 0.4 },
      view: { stroke: null },
    },
  };
  return new View(parse(compile(specification).spec), { renderer: "none" }).toSVG();
}

const folder = joinPath(import.meta.dirname, "../../../docs/pictures/schedules");
mkdirSync(folder, { recursive: true });
for (const [name, [code, schedule]] of Object.entries(schedules))
  writeFileSync(joinPath(folder, `${name}.svg`), `${await draw(code, schedule)}\n`);
