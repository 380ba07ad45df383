import { ArgumentError } from "@ansatz/core";

/** @throws ArgumentError unless all are whole numbers, `least` or more */
export function checkWhole(caller: string, sizes: Readonly<Record<string, number>>, least = 1): void {
  for (const [name, value] of Object.entries(sizes))
    if (!Number.isInteger(value) || value < least)
      throw new ArgumentError(`${caller}: ${name} is ${String(value)}\n  use a whole number, ${least} or more`);
}
