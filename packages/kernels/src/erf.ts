/** 2/√π */
const scale = 2 / Math.sqrt(Math.PI);

/**
 * The error function, to fifteen digits: erf(x) = 2/√π · exp(-x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·…·(2n+1)).
 * All terms have the same sign, so nothing cancels. (Abramowitz & Stegun 1964, 7.1.6.)
 */
export function errorFunction(x: number): number {
  // From here on, 1 - erf(x) is less than half the distance between 1 and the float64 below it.
  if (x > 6) return 1;
  if (x < -6) return -1;
  const square = x * x;
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (2 * square) / odd;
    sum += term;
  }
  return scale * Math.exp(-square) * sum;
}
