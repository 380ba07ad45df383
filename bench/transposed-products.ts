/**
 * Measures products of 512 by 512 matrices on backend-wasm: with transposed operands, and in a batch of four, in turns.
 * It prints the time per product, and relative to the plain product.
 */
import { wasm } from "@ansatz/backend-wasm";
import { key, matmul, normal, realize, transpose, use, type Tensor } from "@ansatz/core";

await use(await wasm());
const rounds = 60;
const operands = [0, 1, 2, 3].map((seed) => normal(key(seed), seed < 2 ? [512, 512] : [4, 512, 512]));
await realize(operands);
const [a, b, manyA, manyB] = operands as [Tensor, Tensor, Tensor, Tensor];
const transposed = (x: Tensor) => transpose(x, [1, 0]);
const cases: Readonly<Record<string, readonly [count: number, product: () => Tensor]>> = {
  "A B": [1, () => matmul(a, b)],
  "Aᵀ B": [1, () => matmul(transposed(a), b)],
  "A Bᵀ": [1, () => matmul(a, transposed(b))],
  "Aᵀ Bᵀ": [1, () => matmul(transposed(a), transposed(b))],
  "A B, four of them": [4, () => matmul(manyA, manyB)],
};

const times = new Map<string, number[]>(Object.keys(cases).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, [count, product]] of Object.entries(cases)) {
    const started = performance.now();
    await realize(product());
    times.get(name)!.push((performance.now() - started) / count);
  }
}
const median = (name: string): number =>
  times
    .get(name)!
    .slice(rounds / 4)
    .toSorted((x, y) => x - y)[Math.floor(rounds * 0.375)]!;
for (const name of times.keys())
  console.log(`${name.padEnd(18)} ${median(name).toFixed(2)} ms  ${(median(name) / median("A B")).toFixed(2)}`);
process.exit(); // even if threads of tfjs still run
