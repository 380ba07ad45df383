/** What is remembered of a step: how far it went, and how the gradient changed. */
export interface Pair {
  readonly step: Float64Array; // s = x⁺ − x
  readonly change: Float64Array; // y = ∇f(x⁺) − ∇f(x)
}

/** What is kept from one iteration to the next. */
export interface Memory {
  readonly iterations: number;
  readonly pairs: readonly Pair[];
  /** The scale of the initial inverse Hessian. */
  readonly scale: number;
  /** The latest direction, the length of the step along it, and the gradient before. */
  readonly direction: Float64Array;
  readonly length: number;
  readonly gradient: Float64Array;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** The largest absolute value; NaN if any is NaN. */
export function largest(x: Float64Array): number {
  return x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** y ← y + a x. */
function addTo(y: Float64Array, a: number, x: Float64Array): void {
  for (let i = 0; i < y.length; i++) y[i] = y[i]! + a * x[i]!;
}

/**
 * The quasi-Newton direction −H g, where H is the inverse Hessian that the pairs tell of: the two-loop recursion.
 * Nocedal 1980; Nocedal & Wright 2006, Algorithm 7.4. `scale` is that of the initial H.
 */
export function quasiNewtonDirection(gradient: Float64Array, pairs: readonly Pair[], scale: number): Float64Array {
  const q = gradient.map((value) => -value);
  const shares = pairs.map(() => 0);
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { step, change } = pairs[i]!;
    shares[i] = dot(step, q) / dot(change, step);
    addTo(q, -shares[i]!, change);
  }
  const direction = q.map((value) => value * scale);
  for (const [i, { step, change }] of pairs.entries())
    addTo(direction, shares[i]! - dot(change, direction) / dot(change, step), step);
  return direction;
}

/** The pairs and the scale after the latest step, at whose end the gradient is `gradient`. */
export function remembered(memory: Memory, gradient: Float64Array, history: number): Pick<Memory, "pairs" | "scale"> {
  const step = memory.direction.map((value) => value * memory.length);
  const change = gradient.map((value, i) => value - memory.gradient[i]!);
  const product = dot(change, step);
  if (!(product > 1e-10)) return memory; // PyTorch's bound: the curvature along the step must be positive
  return {
    pairs: [...memory.pairs, { step, change }].slice(-history),
    scale: product / dot(change, change),
  };
}
