import {
  grad,
  StateError,
  use,
  type Module,
  type Parameter,
  type StateDict,
  type Tensor,
  type TypedArray,
} from "@ansatz/core";
import { allocate, isTensor, sizeOf, type Backend } from "@ansatz/core/plugin";
import { describe, expect, test } from "vitest";
import { assertSameBits } from "./compare.ts";
import { contract } from "./evaluate.ts";
import { Noise } from "./noise.ts";
import type { CreateBackend } from "./subjects.ts";

/** A module that maps tensors to tensors. */
export type Forward = Module & { forward(...inputs: Tensor[]): Tensor | readonly Tensor[] };

export interface TestModuleOptions {
  /**
   * How far a slope may be off finite differences, relative to the length of the whole gradient. Infinity skips the
   * comparison, for a module whose values jump. Default: 0.02 in float32, 1e-6 in float64.
   */
  readonly tolerance?: number;
}

/**
 * Declares the conformance suite of a module: values are finite and repeatable, every trainable parameter has a
 * gradient that agrees with finite differences, and a saved state can be loaded into another module of the same kind.
 *
 * `make` builds a fresh module and `inputs` fresh arguments for its `forward`. A module whose trainable parameters are
 * all float64 is checked in float64, far more strictly: each parameter on its own. Frozen parameters have no gradient
 * and are left out.
 *
 * Call it at the top of a test file: `testModule(() => new Linear(3, 2), () => [ones([4, 3])], cpu)`.
 */
export function testModule(
  make: () => Forward,
  inputs: () => readonly Tensor[],
  backend: Backend | CreateBackend,
  options: TestModuleOptions = {},
): void {
  let made: Promise<Backend> | undefined;
  const ready = async (): Promise<Backend> =>
    use(typeof backend === "function" ? await (made ??= Promise.resolve(backend())) : backend);
  const outputs = (module: Forward): readonly Tensor[] => {
    const result = module.forward(...inputs());
    return isTensor(result) ? [result] : result;
  };
  describe(`module ${make().constructor.name}`, () => {
    test("values are finite, in training and evaluation", async () => {
      await ready();
      const module = make();
      for (const mode of [module.train(), module.eval()]) {
        for (const data of await read(outputs(mode))) expect(data.every(Number.isFinite)).toBe(true);
      }
    });

    test("in evaluation the same input gives the same bits", async () => {
      await ready();
      const module = make().eval();
      const first = await read(outputs(module));
      for (const [i, data] of (await read(outputs(module))).entries()) assertSameBits(data, first[i]!, `output ${i}`);
    });

    test("train and eval reach every module inside", () => {
      const module = make();
      for (const training of [false, true]) {
        if (training) module.train();
        else module.eval();
        for (const inner of module.namedModules().values()) expect(inner.training).toBe(training);
      }
    });

    test("every trainable parameter has a gradient that agrees with finite differences", async () => {
      await ready();
      const module = make().eval();
      const parameters = module.parameters();
      if (parameters.length === 0) return;
      const precision = precisionOf(parameters);
      const { tolerance = precision.tolerance } = options;
      const scalar = (): Tensor => contract(outputs(module), precision.dtype);
      const slopes = await read(grad(scalar(), parameters));
      for (const [i, slope] of slopes.entries()) {
        expect(slope.length).toBe(sizeOf(parameters[i]!.shape));
        expect(slope.every(Number.isFinite), `the gradient of ${parameters[i]!.describe()} is finite`).toBe(true);
      }
      const steepness = lengthOf(slopes);
      if (tolerance === Infinity || (steepness === 0 && precision.dtype === "float32")) return;
      const start = await read(parameters.map((own) => own.read()));
      for (const { name, direction } of directionsOf(precision, parameters, slopes)) {
        const at = async (distance: number): Promise<number> => {
          for (const [i, own] of parameters.entries()) own.load(moved(start[i]!, direction[i], distance));
          return scalar().item();
        };
        const numeric = ((await at(precision.step)) - (await at(-precision.step))) / (2 * precision.step);
        const analytic = slopes.reduce((sum, slope, i) => sum + dot(slope, direction[i]), 0);
        expect(
          Math.abs(numeric - analytic),
          `${name}: the gradient says ${analytic}, finite differences say ${numeric}`,
        ).toBeLessThanOrEqual(tolerance * Math.max(steepness, precision.least));
      }
    });

    test("its state can be loaded into another module of the same kind", async () => {
      await ready();
      const [one, other] = [make().eval(), make().eval()];
      const state = await one.stateDict();
      const whole = make().unfreeze(); // a state also holds frozen parameters
      expect(Object.keys(state)).toEqual([...whole.namedParameters().keys(), ...whole.namedBuffers().keys()]);
      other.loadStateDict(changed(state));
      one.loadStateDict(changed(state));
      const expected = await read(outputs(one));
      for (const [i, data] of (await read(outputs(other))).entries()) assertSameBits(data, expected[i]!, `output ${i}`);
    });

    test("a state that does not fit is refused and changes nothing", async () => {
      await ready();
      const module = make();
      const state = await module.stateDict();
      const extra = { ...state, "no such name": { shape: [1], dtype: "float32" as const, data: new Float32Array(1) } };
      expect(() => module.loadStateDict(extra)).toThrow(StateError);
      for (const name of Object.keys(state)) {
        const missing = Object.fromEntries(Object.entries(changed(state)).filter(([own]) => own !== name));
        expect(() => module.loadStateDict(missing)).toThrow(StateError);
        const wrong = {
          ...state[name]!,
          shape: [...state[name]!.shape, 1, 2],
          data: allocate(state[name]!.dtype, 2 * state[name]!.data.length),
        };
        expect(() => module.loadStateDict({ ...state, [name]: wrong })).toThrow(StateError);
      }
      expect(await module.stateDict()).toEqual(state);
    });
  });
}

/** How gradients are compared with finite differences: float64 allows a smaller step and a tighter tolerance. */
interface Precision {
  readonly dtype: "float32" | "float64";
  readonly step: number;
  readonly tolerance: number;
  /** The tolerance is relative to the length of the gradient, but at least to this. */
  readonly least: number;
}

function precisionOf(parameters: readonly Parameter[]): Precision {
  return parameters.every(({ dtype }) => dtype === "float64")
    ? { dtype: "float64", step: 1e-5, tolerance: 1e-6, least: 1e-3 }
    : { dtype: "float32", step: 5e-3, tolerance: 0.02, least: 0 };
}

/** A direction of length 1 in the space of all parameters; a parameter without an entry does not move. */
interface Direction {
  readonly name: string;
  readonly direction: readonly (ArrayLike<number> | undefined)[];
}

/**
 * The directions in which parameters are moved. In float32 there is only one, along the gradient, where rounding weighs
 * least. In float64 each parameter is moved on its own, in a direction of noise, which also finds a gradient that is
 * zero but should not be.
 */
function directionsOf(
  { dtype }: Precision,
  parameters: readonly Parameter[],
  slopes: readonly TypedArray[],
): readonly Direction[] {
  if (dtype === "float32") {
    const steepness = lengthOf(slopes);
    return [
      { name: "along the gradient", direction: slopes.map((slope) => Array.from(slope, (own) => own / steepness)) },
    ];
  }
  const noise = new Noise("directions");
  return parameters.map((own, position) => {
    const drawn = Float64Array.from({ length: sizeOf(own.shape) }, () => 2 * noise.uniform() - 1);
    const length = lengthOf([drawn]);
    return {
      name: `along parameter ${position}, ${own.describe()}`,
      direction: parameters.map((other) => (other === own ? drawn.map((value) => value / length) : undefined)),
    };
  });
}

function moved(start: TypedArray, direction: ArrayLike<number> | undefined, distance: number): TypedArray {
  const data = start.slice();
  if (direction !== undefined) for (let i = 0; i < data.length; i++) data[i] = start[i]! + distance * direction[i]!;
  return data;
}

function lengthOf(slopes: readonly TypedArray[]): number {
  return Math.sqrt(slopes.reduce((sum, slope) => sum + dot(slope, slope), 0));
}

function dot(slope: TypedArray, direction: ArrayLike<number> | undefined): number {
  let sum = 0;
  if (direction !== undefined) for (let i = 0; i < slope.length; i++) sum += slope[i]! * direction[i]!;
  return sum;
}

const read = (tensors: readonly Tensor[]): Promise<TypedArray[]> => Promise.all(tensors.map((own) => own.data()));

/** Every value changed a little, so that a test sees whether it was loaded. */
function changed(state: StateDict): StateDict {
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => [
      name,
      { ...value, data: value.data.map((own: number) => own * 1.0625) },
    ]),
  );
}
