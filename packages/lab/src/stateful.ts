import { RandomStream, type Module, type TensorData } from "@ansatz/core";
import { isModule } from "@ansatz/core/plugin";

/** A state: plain values, tensors on the host, and records and arrays of them. */
export type State =
  null | number | string | boolean | TensorData | readonly State[] | { readonly [name: string]: State };

/** Anything with a state that can be read and restored, such as an optimizer. */
export interface Stateful {
  stateDict(): unknown;
  loadStateDict(state: never): void;
}

/** What a checkpoint can hold under a name. */
export type Part = Module | RandomStream | Stateful;

/** A copy of a part's state. A module's state includes its random streams. */
export async function stateOf(part: Part): Promise<State> {
  if (isModule(part)) return { state: await part.stateDict(), random: part.randomState() as unknown as State };
  if (part instanceof RandomStream) return part.state as unknown as State;
  return (await part.stateDict()) as State;
}

/** Sets a part's state. @throws StateError or ArgumentError if it does not fit */
export function setState(part: Part, state: State): void {
  const saved = state as never;
  if (isModule(part)) {
    const { state: tensors, random } = saved as { state: never; random: never };
    part.loadStateDict(tensors);
    part.loadRandomState(random);
  } else if (part instanceof RandomStream) part.load(saved);
  else part.loadStateDict(saved);
}

/** Whether a part of a state is a tensor. */
export function isTensorData(value: unknown): value is TensorData {
  return typeof value === "object" && value !== null && "data" in value && "dtype" in value && "shape" in value;
}

/**
 * Takes the tensors out of a state, each under its path (a JSON pointer, RFC 6901), and returns the rest as JSON can
 * hold it.
 *
 * Numbers that JSON lacks become `{ "$number": "NaN" }`.
 */
export function takeTensors(state: State, path: string, tensors: Record<string, TensorData>): State {
  if (isTensorData(state)) {
    tensors[path] = state;
    return null;
  }
  if (typeof state === "number" && (!Number.isFinite(state) || Object.is(state, -0)))
    return { $number: Object.is(state, -0) ? "-0" : String(state) };
  if (typeof state !== "object" || state === null) return state;
  const below = (name: string, value: State) =>
    takeTensors(value, `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`, tensors);
  if (Array.isArray(state)) return (state as readonly State[]).map((value, i) => below(i.toString(), value));
  const plain: Record<string, State> = {};
  for (const [name, value] of Object.entries(state)) {
    const left = below(name, value);
    if (!isTensorData(value)) plain[name] = left;
  }
  return plain;
}

/** Puts tensors back into the state from which `takeTensors` took them. */
export function putTensors(plain: State, path: string, tensors: Readonly<Record<string, TensorData>>): State {
  if (tensors[path] !== undefined) return tensors[path];
  const state = numbersOf(plain);
  for (const [at, tensor] of Object.entries(tensors)) {
    if (!at.startsWith(`${path}/`)) continue;
    const names = at
      .slice(path.length + 1)
      .split("/")
      .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    const parent = names
      .slice(0, -1)
      .reduce((value, name) => value[name] as Record<string, State>, state as Record<string, State>);
    parent[names.at(-1)!] = tensor;
  }
  return state;
}

function numbersOf(plain: State): State {
  if (typeof plain !== "object" || plain === null) return plain;
  if (Array.isArray(plain)) return (plain as readonly State[]).map(numbersOf);
  const record = plain as Readonly<Record<string, State>>;
  if (record["$number"] !== undefined) return Number(record["$number"]);
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, numbersOf(value)]));
}
