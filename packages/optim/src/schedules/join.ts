import { ArgumentError, type Schedule } from "@ansatz/core";

/**
 * One schedule after the other. The second begins at the first boundary and counts from 0 there, and so on.
 *
 * @throws ArgumentError unless there is one boundary between each two schedules, in rising order
 * @example [0, 1, 2, 3].map(join([constant(5), linear(4, 0, 2)], [2]))  // [5, 5, 4, 2]
 */
export function join(schedules: readonly Schedule[], boundaries: readonly number[]): Schedule {
  if (boundaries.length !== schedules.length - 1)
    throw new ArgumentError(
      `join: ${boundaries.length} boundaries between ${schedules.length} schedules\n` +
        "  give the step at which each schedule but the first begins",
    );
  const starts = [0, ...boundaries];
  if (starts.some((start, i) => !Number.isInteger(start) || (i > 0 && start <= starts[i - 1]!)))
    throw new ArgumentError(
      `join: the boundaries are ${boundaries.join(", ")}\n  use whole numbers above 0, in rising order`,
    );
  return (step) => {
    let place = 0;
    while (place + 1 < starts.length && step >= starts[place + 1]!) place++;
    return schedules[place]!(step - starts[place]!);
  };
}
