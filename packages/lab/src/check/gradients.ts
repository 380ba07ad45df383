import { grad, type Cell, type Module, type TensorData } from "@ansatz/core";
import { watchRuns } from "@ansatz/core/plugin";
import { parameterPaths } from "../diagnose/models.ts";
import { stepGraphOf } from "../diagnose/step-graph.ts";
import type { HeldLoop } from "./held-loop.ts";
import { outcomesOf, short, type Outcome } from "./outcome.ts";

/** How far weights are moved, relative to their norm, or in a tensor of zeros. */
const [relative, absolute] = [5e-3, 1e-2];
/** The most tensors that are checked: each takes twelve steps. */
const most = 24;
/** How far the gradient may be off, relative to the slope, beside what the two distances of a slope disagree by. */
const tolerance = 0.02;
/** The rounding errors of a float32 loss, relative to it: 2⁻²⁴ for each of a few operations. */
const rounding = 8 * 2 ** -24;

/** A parameter at the first step. */
interface Sample {
  readonly cell: Cell;
  readonly name: string;
  /** The gradient by which the step trains, and that of the logged loss alone. */
  readonly gradient: ArrayLike<number>;
  readonly ofLoss: ArrayLike<number>;
}

/** A direction in which a parameter is moved, with its words. */
interface Direction {
  readonly what: string;
  readonly of: Float64Array;
}

/**
 * Compares the gradients of the first step with central finite differences of the loss that it logs.
 *
 * Each parameter is moved in three directions: along its gradient, along random signs, and in the coordinate of the
 * largest gradient. The step is repeated for each, from the same state, so that batch and dropout are the same. The
 * losses are those of the backend, float32, so each slope is measured at two distances: by what they disagree, by
 * rounding, and by 2 % the gradient may be off.
 */
export async function* checkGradients(
  loop: HeldLoop,
  report: (outcome: Outcome) => void,
): AsyncGenerator<number, void, undefined> {
  const { passed, failed, notApplicable } = outcomesOf("gradients");
  const names = parameterPaths(loop.models);
  let samples: Sample[] | undefined;
  let stops = false;
  const end = watchRuns(async (run) => {
    const graph = stepGraphOf(run, names);
    if (graph === undefined || samples !== undefined) return;
    const { parameters, losses, forward } = graph;
    stops = forward.some(({ node }) => node.op.name === "stopGradient");
    const loss = losses.find(({ rank }) => rank === 0);
    if (loss === undefined) return;
    const own = grad(
      loss,
      parameters.map(({ value }) => value),
      { allowUnused: true },
    );
    const values = await run.evaluate([...parameters.map(({ gradient }) => gradient), ...own]);
    const cells = new Map([...names].map(([cell, name]) => [name, cell]));
    samples = parameters.map(({ name }, i) => ({
      cell: cells.get(name)!,
      name,
      gradient: values[i]! as ArrayLike<number>,
      ofLoss: values[parameters.length + i]! as ArrayLike<number>,
    }));
  });
  const losses: (number | undefined)[] = [];
  try {
    for (let time = 0; time < 2; time++) {
      loop.restore();
      loop.measured = {};
      yield 1;
      losses.push(loop.loss);
    }
  } finally {
    end();
  }
  const [loss, again] = losses;
  if (samples === undefined || samples.length === 0)
    return report(notApplicable("no step updates a parameter of a model among the parts of its loop"));
  if (loss === undefined) return report(notApplicable("its first step logs no loss: log({ loss })"));
  if (stops) return report(notApplicable("its loss stops gradients on purpose (stopGradient)"));
  if (!Object.is(loss, again))
    return report(
      notApplicable(`the same step from the same state gave ${loss}, then ${again}: something is outside the parts`),
    );
  const chosen = samples.filter((_, i) => i % Math.ceil(samples!.length / most) === 0);
  let compared = 0;
  for (const { cell, name, gradient, ofLoss } of chosen) {
    loop.restore();
    const norm = await normOf(loop, cell);
    const distance = norm > 0 ? relative * norm : absolute;
    for (const { what, of } of directionsOf(gradient)) {
      const slopes: number[] = [];
      for (const h of [distance, distance / 2]) {
        const at: number[] = [];
        for (const sign of [1, -1]) {
          loop.restore();
          await move(loop, cell, of, sign * h);
          loop.measured = {};
          yield 1;
          at.push(loop.loss ?? NaN);
        }
        slopes.push((at[0]! - at[1]!) / (2 * h));
      }
      const [far, near] = slopes as [number, number];
      const allowed = (slope: number) =>
        tolerance * Math.max(Math.abs(slope), Math.abs(near)) +
        3 * Math.abs(far - near) +
        (rounding * Math.max(1, Math.abs(loss))) / distance;
      const [slope, own] = [dot(gradient, of), dot(ofLoss, of)];
      compared++;
      if (Math.abs(slope - near) <= allowed(slope)) continue;
      if (Math.abs(own - near) <= allowed(own))
        return report(notApplicable(`${name} is trained by more than the loss that is logged: log the whole loss`));
      return report(
        failed(`${name}, ${what}: the gradient is ${short(slope)}, and finite differences give ${short(near)}`),
      );
    }
  }
  const all = chosen.length === samples.length ? `${chosen.length}` : `${chosen.length} of ${samples.length}`;
  report(passed(`${compared} slopes of ${all} parameters, in float32 within 2 % and rounding`));
}

function directionsOf(gradient: ArrayLike<number>): Direction[] {
  const values = Float64Array.from(gradient);
  const norm = Math.sqrt(dot(values, values));
  const signs = values.map((_, i) => ((Math.imul(i + 1, 0x9e3779b1) >>> 16) & 1 ? 1 : -1) / Math.sqrt(values.length));
  const largest = values.reduce((at, value, i) => (Math.abs(value) > Math.abs(values[at]!) ? i : at), 0);
  const along = norm > 0 ? [{ what: "along its gradient", of: values.map((value) => value / norm) }] : [];
  return [
    ...along,
    { what: "along random signs", of: signs },
    { what: `element ${largest}`, of: values.map((_, i) => (i === largest ? 1 : 0)) },
  ];
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The model of a cell, and its path there. */
function placeOf({ models }: HeldLoop, cell: Cell): readonly [Module, string] {
  for (const model of Object.values(models))
    for (const [path, own] of model.namedParameters()) if (own === cell) return [model, path];
  throw new Error("the parameter is in none of the models");
}

async function normOf(loop: HeldLoop, cell: Cell): Promise<number> {
  const [model, path] = placeOf(loop, cell);
  const { data } = (await model.stateDict())[path]!;
  const values = Float64Array.from(data as ArrayLike<number>);
  return Math.sqrt(dot(values, values));
}

/** Moves a parameter by a distance in a direction. */
async function move(loop: HeldLoop, cell: Cell, direction: Float64Array, distance: number): Promise<void> {
  const [model, path] = placeOf(loop, cell);
  const state = await model.stateDict();
  const { data, ...type } = state[path]!;
  const moved = (data as Float32Array).map((value, i) => value + distance * direction[i]!);
  model.loadStateDict({ ...state, [path]: { ...type, data: moved } as TensorData });
}
