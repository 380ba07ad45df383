import { grad, GradientError, tensor, type Module, type Tensor, type TypedArray } from "@ansatz/core";
import { isFloating, isTensor, type Backend } from "@ansatz/core/plugin";
import { contract } from "./evaluate.ts";
import { Noise } from "./noise.ts";

/** A module that maps tensors to tensors. */
export type Forward = Module & { forward(...inputs: Tensor[]): Tensor | readonly Tensor[] };

export interface ModuleGradientOptions {
  /**
   * How far a slope may be off finite differences, relative to the length of the gradient. Infinity skips the
   * comparison, for a module whose values jump. Default: 0.02 in float32, 1e-6 in float64.
   */
  readonly tolerance?: number;
  /**
   * The parameters that have no gradient at these inputs, by the end of their names, each with the reason. All others
   * must have one that is not zero everywhere. Default: none.
   */
  readonly withoutGradient?: Readonly<Record<string, string>>;
}

/** How gradients are compared with finite differences: float64 allows a smaller step and a tighter tolerance. */
interface Precision {
  readonly dtype: "float32" | "float64";
  readonly step: number;
  readonly tolerance: number;
  /**
   * A gradient that is shorter than this share of the whole is none: it consists of rounding errors. In float32 these
   * can be as long as a small gradient, so that only zero is none.
   */
  readonly negligible: number;
}

const single: Precision = { dtype: "float32", step: 5e-3, tolerance: 0.02, negligible: 0 };
const double: Precision = { dtype: "float64", step: 1e-5, tolerance: 1e-6, negligible: 1e-14 };

/** What a module's result depends on: a trainable parameter, or an input of floating-point numbers. */
interface Variable {
  readonly name: string;
  readonly start: TypedArray;
  readonly slope: TypedArray;
  readonly trainable: boolean;
  /** Puts other values in its place. */
  set(values: TypedArray): void;
}

/**
 * Checks the gradients of a module in evaluation mode, with respect to its trainable parameters and its inputs, against
 * central finite differences, (f(x + h·d) − f(x − h·d)) / 2h.
 *
 * Parameters are first moved a little, since a gradient may be wrong everywhere but where they start, as at ones and
 * zeros. Then each parameter and each input is moved on its own, in a direction d of random numbers. A backend that
 * holds float64 is checked in float64: the module and its inputs are converted. Every parameter must have a gradient.
 *
 * @throws GradientError that names the parameter or input, and says what the gradient is and what it should be
 * @example await checkModuleGradients(() => new Linear(3, 2), () => [normal(key(1), [4, 3])], cpu()) // undefined
 */
export async function checkModuleGradients(
  make: () => Forward,
  inputs: () => readonly Tensor[],
  subject: Backend,
  { tolerance: given, withoutGradient = {} }: ModuleGradientOptions = {},
): Promise<void> {
  const precision = subject.dtypes.includes("float64") ? double : single;
  const { dtype, step } = precision;
  const tolerance = given ?? precision.tolerance;
  const module = make().eval();
  if (dtype === "float64") module.to(dtype);
  const noise = new Noise("module gradients");
  for (const own of module.parameters()) own.load(shaken(await own.read().data(), noise));
  const tensors = await Promise.all(inputs().map((input) => converted(input, dtype)));
  const scalar = (): Tensor => {
    const result = module.forward(...tensors);
    return contract(isTensor(result) ? [result] : result, dtype);
  };
  const variables = await variablesOf(module, tensors, scalar());
  const whole = Math.hypot(...variables.map(({ slope }) => lengthOf(slope)));
  for (const { name, slope } of variables)
    if (!slope.every(Number.isFinite))
      throw new GradientError(
        `${module.constructor.name}: the gradient of ${name} is not finite\n  correct an op that it passes through`,
      );
  for (const variable of variables) checkPresence(module, variable, withoutGradient, precision.negligible * whole);
  if (tolerance === Infinity) return;
  for (const { name, start, slope, set } of variables) {
    const direction = directionOf(start.length, noise);
    const at = async (distance: number): Promise<number> => {
      set(start.map((value, i) => value + distance * direction[i]!));
      return scalar().item();
    };
    const numeric = ((await at(step)) - (await at(-step))) / (2 * step);
    set(start);
    const analytic = dot(slope, direction);
    // In float32 rounding is as large as the whole result makes it; in float64 each part is judged by its own size.
    const size = dtype === "float32" ? whole : Math.max(lengthOf(slope), 1e-3 * whole, 1e-3);
    if (Math.abs(numeric - analytic) <= tolerance * size) continue;
    throw new GradientError(
      `${module.constructor.name}: along ${name} the gradient says ${analytic}, finite differences say ${numeric}\n` +
        "  correct the gradient of an op that it passes through",
    );
  }
}

/** A tensor of the values of another one, in the dtype of the check if they are floating-point numbers. */
async function converted(input: Tensor, dtype: Precision["dtype"]): Promise<Tensor> {
  if (!isFloating(input.dtype)) return input;
  return tensor(Float64Array.from(await input.data()), { shape: input.shape, dtype });
}

/** The trainable parameters of a module and its floating-point inputs, with their gradients. */
async function variablesOf(module: Module, inputs: Tensor[], scalar: Tensor): Promise<Variable[]> {
  const parameters = [...module.namedParameters()];
  const places = [...inputs.keys()].filter((i) => isFloating(inputs[i]!.dtype) && inputs[i]!.size > 0);
  const targets = [...parameters.map(([, own]) => own), ...places.map((i) => inputs[i]!)];
  const slopes = grad(scalar, targets, { allowUnused: true });
  const gradients: TypedArray[] = [];
  for (const slope of slopes) gradients.push(await slope.data());
  const variables: Variable[] = [];
  for (const [i, [name, own]] of parameters.entries())
    variables.push({
      name,
      trainable: true,
      start: await own.read().data(),
      slope: gradients[i]!,
      set: (values) => own.load(values),
    });
  for (const [i, place] of places.entries()) {
    const { shape, dtype } = inputs[place]!;
    variables.push({
      name: `input ${place}`,
      trainable: false,
      start: await inputs[place]!.data(),
      slope: gradients[parameters.length + i]!,
      set: (values) => (inputs[place] = tensor(values, { shape, dtype })),
    });
  }
  return variables;
}

/** @throws GradientError if a parameter lacks a gradient and was not declared, or the reverse */
function checkPresence(
  module: Module,
  { name, slope, trainable }: Variable,
  withoutGradient: Readonly<Record<string, string>>,
  negligible: number,
): void {
  const type = module.constructor.name;
  const present = lengthOf(slope) > negligible;
  const declared = Object.keys(withoutGradient).some((end) => name === end || name.endsWith(`.${end}`));
  if (trainable && !present && !declared)
    throw new GradientError(
      `${type}: the gradient of ${name} is zero everywhere\n` +
        `  correct it; if that is right at these inputs, say why: withoutGradient: { "${name}": "reason" }`,
    );
  if (present && declared && negligible > 0)
    throw new GradientError(`${type}: ${name} has a gradient\n  remove it from withoutGradient`);
}

/** Values that are moved a little: by up to a fifth of their size, and by up to a twentieth. */
function shaken(values: TypedArray, noise: Noise): TypedArray {
  const drawn = (most: number): number => most * (2 * noise.uniform() - 1);
  return values.map((value) => value * (1 + drawn(0.2)) + drawn(0.05));
}

/** Random numbers, as a vector of length 1. */
function directionOf(size: number, noise: Noise): Float64Array {
  const drawn = Float64Array.from({ length: size }, () => 2 * noise.uniform() - 1);
  const length = lengthOf(drawn);
  return drawn.map((value) => value / length);
}

function lengthOf(values: ArrayLike<number>): number {
  return Math.sqrt(dot(values, values));
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}
