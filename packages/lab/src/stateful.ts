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

/** A name as part of a path (a JSON pointer, RFC 6901). */
export function pathOf(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/**
 * Takes the tensors out of a state, each under its path, and returns the rest as JSON can hold it.
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
  const below = (name: string, value: State) => takeTensors(value, `${path}/${pathOf(name)}`, tensors);
  if (Array.isArray(state)) return (state as readonly State[]).map((value, i) => below(i.toString(), value));
  const plain = recordOf<State>();
  for (const [name, value] of Object.entries(state)) {
    const left = below(name, value);
    if (!isTensorData(value)) plain[name] = left;
  }
  return plain;
}

/**
 * Puts tensors back into the state from which `takeTensors` took them.
 *
 * Only the state's own names lead to a place. A tensor that has none, such as one at `model/__proto__/x`, is given to
 * `fail`, and so is one whose place is taken.
 */
export function putTensors(
  plain: State,
  path: string,
  tensors: Readonly<Record<string, TensorData>>,
  fail: (tensor: string) => never,
): State {
  if (Object.hasOwn(tensors, path)) return plain === null ? tensors[path]! : fail(path);
  const state = numbersOf(plain, () => fail(path));
  for (const [at, tensor] of Object.entries(tensors)) {
    if (!at.startsWith(`${path}/`)) continue;
    const names = at
      .slice(path.length + 1)
      .split("/")
      .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = names.pop()!;
    let parent: State | undefined = state;
    for (const name of names) parent = isPlace(parent) && Object.hasOwn(parent, name) ? parent[name] : undefined;
    // The place of a tensor is free in a record, and null in an array.
    if (!isPlace(parent) || (Array.isArray(parent) ? parent[last as never] !== null : Object.hasOwn(parent, last)))
      fail(at);
    (parent as Record<string, State>)[last] = tensor;
  }
  return state;
}

/** Whether a value can hold tensors under names: a record or an array, and not a tensor. */
function isPlace(value: State | undefined): value is { [name: string]: State } {
  return typeof value === "object" && value !== null && !isTensorData(value);
}

/** The numbers that JSON lacks, put back. Every record is a new one without a prototype, and none poses as a tensor. */
function numbersOf(plain: State, fail: () => never): State {
  if (typeof plain !== "object" || plain === null) return plain;
  if (isTensorData(plain)) return fail();
  if (Array.isArray(plain)) return (plain as readonly State[]).map((value) => numbersOf(value, fail));
  const record = plain as Readonly<Record<string, State>>;
  if (Object.hasOwn(record, "$number")) return Number(record["$number"]);
  return Object.assign(
    recordOf<State>(),
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, numbersOf(value, fail)])),
  );
}

/** An empty record without a prototype: every name, `__proto__` too, is only a name. */
export function recordOf<Value>(): Record<string, Value> {
  return Object.create(null) as Record<string, Value>;
}
