import { StateError, type Module, type StateDict, type TensorData } from "@ansatz/core";
import { isCell, isModule } from "@ansatz/core/plugin";

/** A state in which a weight that several layers share has an entry for each of them. */
export function underAllNames(model: Module, state: StateDict): StateDict {
  const whole = { ...state };
  for (const [own, others] of tiedNames(model)) {
    const entry = state[own];
    if (entry !== undefined) for (const other of others) whole[other] = entry;
  }
  return whole;
}

/**
 * A state in which such a weight has one entry, under the name that the model has for it.
 *
 * @throws StateError if there are several that differ
 */
export function oneOfTied(model: Module, state: StateDict): StateDict {
  const whole = { ...state };
  for (const [own, others] of tiedNames(model)) {
    for (const other of others) {
      const entry = whole[other];
      if (entry === undefined) continue;
      if (!same((whole[own] ??= entry), entry))
        throw new StateError(
          `${own} and ${other} differ, but the model has one weight for both\n` +
            "  make the model without tied weights, or remove the entry that does not count",
        );
      delete whole[other];
    }
  }
  return whole;
}

/** The further names of each weight that has several. */
function tiedNames(model: Module): Map<string, readonly string[]> {
  const names = new Map<object, string[]>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    if (isCell(value)) names.set(value, [...(names.get(value) ?? []), path]);
    else if (isModule(value) || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)
      for (const [name, child] of Object.entries(value)) visit(child, path === "" ? name : `${path}.${name}`);
  };
  visit(model, "");
  return new Map([...names.values()].flatMap(([own, ...others]) => (others.length > 0 ? [[own!, others]] : [])));
}

function same(one: TensorData, other: TensorData): boolean {
  const equalShapes = one.shape.length === other.shape.length && one.shape.every((n, i) => n === other.shape[i]);
  return equalShapes && one.data.every((value: number, i: number) => Object.is(value, other.data[i]));
}
