import { readFileSync } from "node:fs";
import { ArgumentError } from "@ansatz/core";

interface Recorded {
  readonly seed: number;
  readonly validationLoss: number;
}

/**
 * The validation loss of the same recipe in PyTorch, as reference/train.py recorded it. The random numbers of a seed
 * are others there.
 *
 * @throws ArgumentError for a seed that was not recorded
 */
export function lossInPyTorch(seed: number): number {
  const recorded = JSON.parse(
    readFileSync(new URL("../reference/train.json", import.meta.url), "utf8"),
  ) as readonly Recorded[];
  const found = recorded.find((run) => run.seed === seed);
  if (found === undefined)
    throw new ArgumentError(
      `reference/train.json has no loss for seed ${seed}\n` +
        `  run reference/train.py with --seed ${seed}, and add its line`,
    );
  return found.validationLoss;
}
