import type { Module, StateDict } from "@ansatz/core";
import { oneOfTied, underAllNames } from "./tied-weights.ts";

/** Converts the entries of a layer to PyTorch's names and layout, and back. Names are relative to the layer. */
export interface PyTorchLayout {
  toPyTorch(state: StateDict): StateDict;
  fromPyTorch(state: StateDict): StateDict;
}

/**
 * The state dict of a model with PyTorch's names and layouts. A weight that several layers share has an entry for each,
 * as in PyTorch.
 *
 * @example const model = new Sequential(new Linear(1, 1));
 * Object.keys(toPyTorch(model, await model.stateDict())) // ["0.weight", "0.bias"]
 */
export function toPyTorch(model: Module, state: StateDict): StateDict {
  // Inner layers first: an outer layer sees their entries under PyTorch's names.
  return layouts(model)
    .reverse()
    .reduce(
      (whole, { path, layout }) => within(whole, path, (own) => layout.toPyTorch(own)),
      underAllNames(model, state),
    );
}

/**
 * A state dict from PyTorch with this model's own names and layouts: `model.loadStateDict(fromPyTorch(model,
 * tensors))`. A weight that several layers share may have an entry for each.
 *
 * @throws StateError if the entries of a shared weight differ, and for entries that a layer cannot convert
 * @example const weight = { shape: [1, 1], dtype: "float32" as const, data: Float32Array.of(2) };
 * Object.keys(fromPyTorch(new Sequential(new Linear(1, 1)), { "0.weight": weight })) // ["layers.0.weight"]
 */
export function fromPyTorch(model: Module, state: StateDict): StateDict {
  const ours = layouts(model).reduce(
    (whole, { path, layout }) => within(whole, path, (own) => layout.fromPyTorch(own)),
    state,
  );
  return oneOfTied(model, ours);
}

/** The layers that differ from PyTorch's, outer layers before inner ones. */
function layouts(model: Module): { readonly path: string; readonly layout: PyTorchLayout }[] {
  return [...model.namedModules()].flatMap(([path, module]) =>
    "toPyTorch" in module ? [{ path, layout: module as Module & PyTorchLayout }] : [],
  );
}

/** Changes the entries below a path. */
export function within(state: StateDict, path: string, change: (own: StateDict) => StateDict): StateDict {
  const prefix = path === "" ? "" : `${path}.`;
  const entries = Object.entries(state);
  const own = entries
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), value] as const);
  const others = entries.filter(([name]) => !name.startsWith(prefix));
  const changed = Object.entries(change(Object.fromEntries(own))).map(
    ([name, value]) => [prefix + name, value] as const,
  );
  return Object.fromEntries([...others, ...changed]);
}

/** A layout that differs only in names, given as pairs of prefixes. */
export function renamed(...pairs: readonly (readonly [ours: string, theirs: string])[]): PyTorchLayout {
  const rename = (state: StateDict, from: 0 | 1): StateDict =>
    Object.fromEntries(
      Object.entries(state).map(([name, value]) => {
        const pair = pairs.find((candidate) => name.startsWith(candidate[from]));
        return [pair === undefined ? name : pair[1 - from] + name.slice(pair[from].length), value];
      }),
    );
  return { toPyTorch: (state) => rename(state, 0), fromPyTorch: (state) => rename(state, 1) };
}
