import { ArgumentError } from "@ansatz/core";

/** @throws ArgumentError unless all are whole numbers, 1 or more */
export function checkSizes(caller: string, sizes: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(sizes))
    if (!Number.isInteger(value) || value < 1)
      throw new ArgumentError(`${caller}: ${name} is ${value}\n  use a whole number, 1 or more`);
}
