import { memory, type Optimizer, type Parameter } from "@ansatz/core";

/** Copies of parameters on the host. */
export const copiesOf = (parameters: readonly Parameter[]): Promise<Float64Array[]> =>
  Promise.all(parameters.map(async (own) => Float64Array.from(await own.data())));

/** The share of coordinates that moved by the rate, to rounding of float32, of those that moved at all. */
export function shareMovedBy(rate: number, before: readonly Float64Array[], after: readonly Float64Array[]): number {
  let [moved, exactly] = [0, 0];
  for (const [i, values] of before.entries())
    for (const [j, value] of values.entries()) {
      const distance = Math.abs(after[i]![j]! - value);
      if (distance === 0) continue;
      moved++;
      if (Math.abs(distance - rate) <= 2 ** -23 * (Math.abs(value) + rate)) exactly++;
    }
  return exactly / moved;
}

/** The bytes of an optimizer's state on the backend: what is free there once the state is. The optimizer ends here. */
export function freedState(optimizer: Optimizer, parameters: readonly Parameter[]): number {
  const { bytes } = memory();
  for (const own of parameters) for (const cell of Object.values(optimizer.stateOf(own))) cell.dispose();
  return bytes - memory().bytes;
}
