import { join } from "node:path";
import type { TensorData } from "@ansatz/core";
import { checkpointSteps, readCheckpoint } from "../checkpoint.ts";
import { readPlain } from "../read-plain.ts";
import { modelTreeOf } from "../report/recorded-run.ts";
import { isTensorData, type State } from "../stateful.ts";
import { parseObject } from "../view/parse-lines.ts";
import { differenceOf, type TensorDifference } from "./tensor-difference.ts";

/** A value of a checkpoint that differs, by its path: a tensor, or anything else with its two texts. */
export type ValueDifference = { readonly path: string } & (
  | (TensorDifference & { readonly kind: "tensor" })
  | { readonly kind: "plain"; readonly values: readonly [string, string] }
);

/** The checkpoints of two runs, compared. */
export interface CheckpointDifference {
  /** The steps of which each run has a checkpoint. */
  readonly steps: readonly [readonly number[], readonly number[]];
  /** The steps of common checkpoints that are equal, before any differs. */
  readonly equal: readonly number[];
  /** The first common checkpoint that differs, with all that differs in it, in the order of the model. */
  readonly parts: {
    readonly step: number;
    readonly compared: number;
    readonly values: readonly ValueDifference[];
  } | null;
}

/** Compares the checkpoints of two runs that are of the same step, until some differ. @throws CheckpointError */
export async function checkpointDifference(
  folders: readonly [string, string],
  ignored: readonly string[],
): Promise<CheckpointDifference> {
  const steps = [await checkpointSteps(folders[0]), await checkpointSteps(folders[1])] as const;
  const equal: number[] = [];
  for (const step of steps[0].filter((one) => steps[1].includes(one))) {
    const [a, b] = [await valuesOf(folders[0], step), await valuesOf(folders[1], step)];
    const all = [...new Set([...a.keys(), ...b.keys()])];
    const paths = inOrder(
      all.filter((path) => !ignored.includes(path)),
      folders[0],
    );
    const values = paths.flatMap((path) => compare(path, a.get(path), b.get(path)) ?? []);
    if (values.length > 0) return { steps, equal, parts: { step, compared: paths.length, values } };
    equal.push(step);
  }
  return { steps, equal, parts: null };
}

type Value = TensorData | null | number | string | boolean;

/** Every value of a checkpoint by its path, such as `model.hidden.weight`. */
async function valuesOf(folder: string, step: number): Promise<Map<string, Value>> {
  const { states, random } = await readCheckpoint(folder, step);
  states.delete("files"); // the lengths of files, which hold times
  const values = new Map<string, Value>();
  const walk = (path: string, state: State): void => {
    if (isTensorData(state) || typeof state !== "object" || state === null)
      return void values.set(path, state as Value);
    // A module's state has its tensors under "state", beside its random streams.
    const { state: tensors, random: streams, ...others } = state as Readonly<Record<string, State>>;
    const isModule = tensors !== undefined && streams !== undefined && Object.keys(others).length === 0;
    if (isModule) walk(path, tensors);
    for (const [name, value] of Object.entries(isModule ? { random: streams } : state)) walk(`${path}.${name}`, value);
  };
  for (const [name, state] of states) walk(name, state);
  if (random !== undefined) walk("the process-wide random stream", random as unknown as State);
  return values;
}

/** Paths in the order of the run's model; what isn't in the model keeps its order, after it. */
function inOrder(paths: readonly string[], folder: string): string[] {
  const tree = parseObject(readPlain(join(folder, "model.json")));
  const places = new Map<string, number>();
  const walk = ({ name, children }: ReturnType<typeof modelTreeOf>, above: string): void => {
    const path = above === "" ? name : `${above}.${name}`;
    places.set(path, places.size);
    for (const child of children) walk(child, path);
  };
  if (tree !== undefined) walk(modelTreeOf(tree), "");
  return paths.toSorted((a, b) => (places.get(a) ?? Infinity) - (places.get(b) ?? Infinity) || 0);
}

function compare(path: string, a: Value | undefined, b: Value | undefined): ValueDifference | undefined {
  if (isTensor(a) && isTensor(b) && describe(a) === describe(b)) {
    const difference = differenceOf(a, b);
    return difference && { path, kind: "tensor", ...difference };
  }
  const values = [describe(a), describe(b)] as const;
  return values[0] === values[1] ? undefined : { path, kind: "plain", values };
}

function isTensor(value: Value | undefined): value is TensorData {
  return value !== undefined && isTensorData(value);
}

/** A plain value as text; of a tensor only its dtype and shape. */
function describe(value: Value | undefined): string {
  if (value === undefined) return "absent";
  if (isTensor(value)) return `${value.dtype} [${value.shape.join(", ")}]`;
  return Object.is(value, -0) ? "-0" : String(value);
}
