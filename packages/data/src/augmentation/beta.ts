import type { RandomKey } from "@ansatz/core";
import { HostRandom } from "../synthetic/host-random.ts";

/** A Gamma(shape, 1) number. Marsaglia & Tsang 2000. */
function gamma(random: HostRandom, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Beta(α, α) numbers. */
export function betaNumbers(key: RandomKey, alpha: number, count: number): Float32Array {
  const random = new HostRandom(key);
  return Float32Array.from({ length: count }, () => {
    const [a, b] = [gamma(random, alpha), gamma(random, alpha)];
    return a + b > 0 ? a / (a + b) : random.integer(2); // if both underflow, the number is at one end
  });
}
