import { fileURLToPath } from "node:url";
import { tensor, type StateDict, type Tensor, type TensorData } from "@ansatz/core";
import { loadSafetensors } from "@ansatz/data";
import { expect } from "vitest";

/** What PyTorch did, recorded by reference/record.py. */
export async function recorded(file: "updates" | "long" | "clipping" | "schedules" | "lbfgs"): Promise<StateDict> {
  return (await loadSafetensors(fileURLToPath(new URL(`../reference/${file}.safetensors`, import.meta.url)))).tensors;
}

/** A recorded value as a tensor, or one entry of it along its first axis. */
export function given({ data, shape }: TensorData, index?: number): Tensor {
  if (index === undefined) return tensor(data, { shape });
  const size = data.length / shape[0]!;
  return tensor(data.slice(index * size, (index + 1) * size), { shape: shape.slice(1) });
}

/** Compares with a tolerance of a millionth, relative to each value or to 1. */
export async function expectClose(found: Tensor, expected: Tensor, what: string): Promise<void> {
  expect(found.shape, what).toEqual(expected.shape);
  const [a, b] = [await found.data(), await expected.data()];
  for (const [i, value] of b.entries())
    expect(Math.abs(a[i]! - value), `${what}, element ${i}: ${a[i]!}, not ${value}`).toBeLessThanOrEqual(
      1e-6 * Math.max(1, Math.abs(value)),
    );
}
