import {
  grad,
  mul,
  parameter,
  sum,
  tensor,
  type FloatingDType,
  type Optimizer,
  type Parameter,
  type StateDict,
  type Tensor,
} from "@ansatz/core";
import { expect } from "vitest";

export interface FollowPathOptions {
  /** How far a value may be off, relative to the largest one of the path. */
  readonly tolerance: number;
  /** The parameter's dtype. Default: float32. */
  readonly dtype?: FloatingDType;
  /** What is done with the gradients of each step, counted from 1. Default: `optimizer.update(gradients)`. */
  readonly step?: (optimizer: Optimizer, gradients: readonly Tensor[], number: number) => void;
}

/**
 * Expects an optimizer to take the path that another program recorded: of `recorded`, `start/SHAPE`,
 * `gradients/SHAPE` [steps, ...], and `SETTING/SHAPE` [steps, ...], the parameter after each step. `path` is
 * `SETTING/SHAPE`.
 */
export async function followPath(
  recorded: StateDict,
  path: string,
  make: (own: Parameter) => Optimizer,
  { tolerance, dtype = "float32", step = (optimizer, gradients) => optimizer.update(gradients) }: FollowPathOptions,
): Promise<void> {
  const shape = path.split("/")[1]!;
  const [start, gradients, wanted] = [`start/${shape}`, `gradients/${shape}`, path].map((name) => recorded[name]!);
  const own = parameter(tensor(start!.data, { shape: start!.shape, dtype }));
  const optimizer = make(own);
  const [size, steps] = [start!.data.length, wanted!.shape[0]!];
  const allowed = tolerance * Math.max(...Array.from(wanted!.data, Math.abs));
  for (let number = 1; number <= steps; number++) {
    const range = [(number - 1) * size, number * size] as const;
    const gradient = tensor(gradients!.data.slice(...range), { shape: start!.shape, dtype });
    step(optimizer, grad(sum(mul(own, gradient)), [own]), number);
    const expected = wanted!.data.slice(...range);
    for (const [i, value] of (await own.data()).entries())
      expect(
        Math.abs(value - expected[i]!),
        `${path}, step ${number}, element ${i}: ${value}, not ${expected[i]!}`,
      ).toBeLessThanOrEqual(allowed);
  }
}
