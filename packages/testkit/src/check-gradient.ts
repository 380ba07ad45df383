import { add, grad, GradientError, mul, sum, tensor, type Shape, type Tensor } from "@ansatz/core";
import { contract } from "./evaluate.ts";

export interface GradientCheckOptions {
  /** The highest order of gradient to check: 2 also checks the gradient of the gradient. Default: 1. */
  readonly order?: number;
  /** How far an input is moved to both sides, relative to its size. Default: 1e-5. */
  readonly step?: number;
  /** How far the gradient may be off, relative to the largest slope. Default: 1e-6. */
  readonly tolerance?: number;
  /** How many elements of each input are moved, spread evenly over it. Default: 6. */
  readonly elements?: number;
}

/** A value of one input of the function, at which the gradient is checked. */
export interface GradientPoint {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

/**
 * Checks gradients against central finite differences, (f(x + h) − f(x − h)) / 2h, in float64 on the backend in use.
 *
 * @throws GradientError that names the input, the element and both slopes
 * @example await checkGradient((x) => x.exp(), [{ shape: [2], data: [0, 1] }], { order: 2 }) // undefined
 */
export async function checkGradient(
  fn: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
  inputs: readonly GradientPoint[],
  options: GradientCheckOptions = {},
): Promise<void> {
  const { order = 1, step = 1e-5, tolerance = 1e-6, elements = 6 } = options;
  let scalar = (...xs: Tensor[]): Tensor => contract(listOf(fn(...xs)), "float64");
  for (let current = 1; current <= order; current++) {
    const below = scalar;
    const slopes = (...xs: Tensor[]): readonly Tensor[] =>
      grad(
        [below(...xs), ...xs.map((x) => mul(sum(x), 0))].reduce((a, b) => add(a, b)),
        xs,
      );
    await compare(below, slopes, inputs, { step, tolerance, elements, order: current });
    scalar = (...xs) => contract(slopes(...xs), "float64");
  }
}

const listOf = (results: Tensor | readonly Tensor[]): readonly Tensor[] =>
  Array.isArray(results) ? (results as readonly Tensor[]) : [results as Tensor];

async function compare(
  scalar: (...xs: Tensor[]) => Tensor,
  slopes: (...xs: Tensor[]) => readonly Tensor[],
  inputs: readonly GradientPoint[],
  { step, tolerance, elements, order }: Required<GradientCheckOptions>,
): Promise<void> {
  const make = (point: GradientPoint, data: Float64Array): Tensor =>
    tensor(data, { shape: point.shape, dtype: "float64" });
  const start = inputs.map((point) => Float64Array.from(point.data));
  const analytic: ArrayLike<number>[] = [];
  for (const slope of slopes(...inputs.map((point, i) => make(point, start[i]!)))) analytic.push(await slope.data());
  const largest = Math.max(
    1e-3,
    ...analytic.map((slope) => Array.from(slope).reduce((most, value) => Math.max(most, Math.abs(value)), 0)),
  );
  for (const [position, values] of start.entries()) {
    const stride = Math.max(1, Math.ceil(values.length / elements));
    for (let element = 0; element < values.length; element += stride) {
      const distance = step * Math.max(1, Math.abs(values[element]!));
      const at = async (shift: number): Promise<number> => {
        const moved = start.map((data) => data.slice());
        moved[position]![element] = values[element]! + shift;
        return scalar(...inputs.map((point, i) => make(point, moved[i]!))).item();
      };
      const numeric = ((await at(distance)) - (await at(-distance))) / (2 * distance);
      const found = analytic[position]![element]!;
      if (Math.abs(found - numeric) <= tolerance * largest) continue;
      throw new GradientError(
        `gradient of order ${order}: input ${position}, element ${element}: ` +
          `the gradient is ${found}, finite differences say ${numeric}`,
      );
    }
  }
}
