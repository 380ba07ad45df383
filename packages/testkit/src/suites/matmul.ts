import { matmul, tensor, transpose, type Tensor } from "@ansatz/core";
import { describe, test } from "vitest";
import { assertClose } from "../compare.ts";
import { evaluate } from "../evaluate.ts";
import { Noise } from "../noise.ts";
import type { Subjects } from "../subjects.ts";

/** Inner lengths below and above those at which engines change their method. */
const innerLengths = [1, 3, 48, 49, 64, 131];

const batches = [
  { name: "one matrix", a: [], b: [] },
  { name: "a batch on both sides", a: [3], b: [3] },
  { name: "a batch on the left", a: [2, 2], b: [] },
  { name: "a batch on the right", a: [], b: [3] },
  { name: "batches that broadcast", a: [2, 1], b: [3] },
] as const;

/** Matrix products: every inner length with every combination of transposes and batches. */
export function matmulSuite(subjects: () => Subjects): void {
  describe("matmul, each combination of transposes and batches", () => {
    for (const k of innerLengths) {
      for (const batch of batches) {
        test(`inner length ${k}, ${batch.name}`, async () => {
          for (const transposed of [
            [false, false],
            [true, false],
            [false, true],
            [true, true],
          ] as const)
            await check(subjects(), k, batch, transposed);
        });
      }
    }
  });
}

async function check(
  { backend }: Subjects,
  k: number,
  batch: (typeof batches)[number],
  [left, right]: readonly [boolean, boolean],
): Promise<void> {
  const [m, n] = [5, 7];
  const noise = new Noise(`matmul ${k} ${batch.name}`);
  const matrices = (lengths: readonly number[], rows: number, columns: number) => ({
    lengths,
    rows,
    columns,
    values: Float32Array.from(
      { length: lengths.reduce((size, length) => size * length, rows * columns) },
      () => 2 * noise.uniform() - 1,
    ),
  });
  const a = matrices(batch.a, m, k);
  const b = matrices(batch.b, k, n);
  const operand = (x: ReturnType<typeof matrices>, transposed: boolean): Tensor =>
    transposed
      ? transpose(tensor(transposedValues(x.values, x.rows, x.columns), { shape: [...x.lengths, x.columns, x.rows] }))
      : tensor(x.values, { shape: [...x.lengths, x.rows, x.columns] });
  const [product] = await evaluate(backend, () => [matmul(operand(a, left), operand(b, right))]);
  const count = product!.data.length / (m * n);
  const expected = Array.from({ length: count }, (_, index) => {
    // Batches: equal, one-sided, or [2,1] against [3].
    const own = (x: typeof a, fromLeft: boolean) => {
      const amount = x.values.length / (x.rows * x.columns);
      return amount === count ? index : amount === 1 ? 0 : fromLeft ? Math.floor(index / 3) : index % 3;
    };
    return multiply(a.values.subarray(own(a, true) * m * k), b.values.subarray(own(b, false) * k * n), m, k, n);
  }).flat();
  assertClose(product!.data, expected, "float32", 1, `matmul, ${left ? "aᵀ" : "a"} ${right ? "bᵀ" : "b"}`);
}

function multiply(a: Float32Array, b: Float32Array, m: number, k: number, n: number): number[] {
  return Array.from({ length: m * n }, (_, place) => {
    const [row, column] = [Math.floor(place / n), place % n];
    let total = 0;
    for (let step = 0; step < k; step++) total += a[row * k + step]! * b[step * n + column]!;
    return total;
  });
}

/** The values with each matrix of a batch transposed in memory. */
function transposedValues(values: Float32Array, rows: number, columns: number): Float32Array {
  const size = rows * columns;
  return values.map((_, place) => {
    const within = place % size;
    return values[place - within + (within % rows) * columns + Math.floor(within / rows)]!;
  });
}
