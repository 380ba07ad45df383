import { ArgumentError, type Schedule } from "@ansatz/core";

/**
 * Rises linearly from 0 over `steps` steps to the first value of `after`, then follows `after`. Goyal et al. 2017,
 * arXiv:1706.02677, Section 2.2, where it rises from the rate of one of k workers to k times that rate.
 *
 *   after(0) · step / steps, then after(step − steps)
 *
 * The first update has the rate 0, as in Hugging Face's Transformers: `warmup(w, cosine(peak, total − w))` is its
 * cosine schedule with warm-up. PyTorch's LinearLR starts at a share of the peak: `join([linear(peak / 3, peak, w),
 * after], [w])`.
 *
 * @throws ArgumentError unless the steps are a whole number, 0 or more
 * @example warmup(4, constant(1))(1)  // 0.25
 */
export function warmup(steps: number, after: Schedule): Schedule {
  if (!Number.isInteger(steps) || steps < 0)
    throw new ArgumentError(`warmup: ${steps} steps\n  use a whole number, 0 or more`);
  return (step) => (step < steps ? (after(0) * step) / steps : after(step - steps));
}
