import { dot, largest } from "./curvature.ts";

/** The loss and its gradient at a point. */
export interface Evaluation {
  readonly loss: number;
  readonly gradient: Float64Array;
}

/** A point on the line: how far along the direction, the loss, the gradient, and the slope along the direction. */
interface LinePoint extends Evaluation {
  readonly length: number;
  readonly slope: number;
}

export interface LineSearchOptions {
  /** The length to try first. */
  readonly length: number;
  /** Evaluates the loss at a length along the direction. */
  readonly evaluate: (length: number) => Promise<Evaluation>;
  /** How many more evaluations may follow the first. */
  readonly most: number;
}

/** The loss must fall by this share of what its slope promises, and the slope to this share: Armijo and curvature. */
const [decrease, curvature] = [1e-4, 0.9];
/** A bracket that moves no parameter by more than this is not searched further. */
const narrow = 1e-9;

/**
 * A line search for the strong Wolfe conditions, as PyTorch's: it brackets a point that satisfies them, then narrows
 * the bracket by cubic interpolation. Nocedal & Wright 2006, Algorithms 3.5 and 3.6.
 *
 *   f(x + t d) ≤ f(x) + c₁ t f′(x) d      |f′(x + t d) d| ≤ c₂ |f′(x) d|      c₁ = 10⁻⁴, c₂ = 0.9
 */
export async function strongWolfe(
  start: Evaluation,
  direction: Float64Array,
  { length, evaluate, most }: LineSearchOptions,
): Promise<{ readonly point: LinePoint; readonly evaluations: number }> {
  let evaluations = 0;
  const at = async (t: number): Promise<LinePoint> => {
    evaluations++;
    const found = await evaluate(t);
    return { ...found, length: t, slope: dot(found.gradient, direction) };
  };
  const origin: LinePoint = { ...start, length: 0, slope: dot(start.gradient, direction) };
  const tooHigh = ({ loss, length: t }: LinePoint): boolean => loss > origin.loss + decrease * t * origin.slope;
  const flat = ({ slope }: LinePoint): boolean => Math.abs(slope) <= -curvature * origin.slope;

  let [before, point] = [origin, await at(length)];
  let bracket: [LinePoint, LinePoint] = [origin, point];
  let steps = 0;
  for (; steps < most; steps++) {
    bracket = [before, point];
    if (tooHigh(point) || (steps > 1 && point.loss >= before.loss)) break;
    if (flat(point)) return { point, evaluations };
    if (point.slope >= 0) break;
    const [least, longest] = [point.length + 0.01 * (point.length - before.length), 10 * point.length];
    const next = interpolated(before, point, [least, longest]);
    [before, point] = [point, await at(next)];
    bracket = [origin, point]; // if this was the last step
  }

  let low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
  let hesitated = false;
  const width = largest(direction);
  for (; steps < most; steps++) {
    const [a, b] = [bracket[0].length, bracket[1].length];
    if (Math.abs(b - a) * width < narrow) break;
    let next = interpolated(...bracket);
    const [left, right] = [Math.min(a, b), Math.max(a, b)];
    const margin = 0.1 * (right - left);
    if (Math.min(right - next, next - left) < margin) {
      // Close to an end of the bracket: the second time it moves away from it.
      if (hesitated || next >= right || next <= left) {
        next = Math.abs(next - right) < Math.abs(next - left) ? right - margin : left + margin;
        hesitated = false;
      } else hesitated = true;
    } else hesitated = false;
    point = await at(next);
    const high = 1 - low;
    if (tooHigh(point) || point.loss >= bracket[low]!.loss) {
      bracket[high] = point;
      low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
      continue;
    }
    const done = flat(point);
    if (!done && point.slope * (bracket[high]!.length - bracket[low]!.length) >= 0) bracket[high] = bracket[low]!;
    bracket[low] = point;
    if (done) break;
  }
  return { point: bracket[low]!, evaluations };
}

/** The minimum of the cubic through two points with their slopes, inside the bounds; their middle if it has none. */
function interpolated(a: LinePoint, b: LinePoint, bounds?: readonly [number, number]): number {
  const [left, right] = a.length <= b.length ? [a, b] : [b, a];
  const [least, most] = bounds ?? [left.length, right.length];
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.length - b.length);
  const square = d1 ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (least + most) / 2;
  const d2 = Math.sqrt(square);
  const share = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2);
  return Math.min(Math.max(right.length - (right.length - left.length) * share, least), most);
}
