import { ArgumentError } from "@ansatz/core";
import type { Space } from "./space.ts";

/** @throws ArgumentError for a space without settings, a setting without values, and a range that is empty */
export function checkSpace(space: Space): void {
  if (Object.keys(space).length === 0)
    throw new ArgumentError("search: the space has no settings\n  give it at least one, with values or a range");
  for (const [name, dimension] of Object.entries(space)) {
    if ("values" in dimension) {
      if (dimension.values.length === 0)
        throw new ArgumentError(`search: "${name}" has no values\n  give it at least one, or a range`);
      continue;
    }
    const { low, high, scale } = dimension;
    if (!(Number.isFinite(low) && Number.isFinite(high) && low < high))
      throw new ArgumentError(`search: the range of "${name}" is from ${low} to ${high}\n  write the lower end first`);
    if (scale === "logarithmic" && low <= 0)
      throw new ArgumentError(
        `search: "${name}" begins at ${low}, which has no logarithm\n  begin above 0, or use the scale "uniform"`,
      );
  }
}
