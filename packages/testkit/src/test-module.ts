import { grad, StateError, use, type Module, type StateDict, type Tensor, type TypedArray } from "@ansatz/core";
import { isTensor, type Backend } from "@ansatz/core/plugin";
import { describe, expect, test } from "vitest";
import { assertSameBits } from "./compare.ts";
import { contract } from "./evaluate.ts";
import type { CreateBackend } from "./subjects.ts";

/** A module that maps tensors to tensors. */
export type Forward = Module & { forward(...inputs: Tensor[]): Tensor | readonly Tensor[] };

export interface TestModuleOptions {
  /**
   * How far a slope may be off what finite differences in float32 say, relative to it; 0.02 unless given. Infinity for
   * a module that jumps.
   */
  readonly tolerance?: number;
}

/**
 * Declares the conformance suite of a module: values are finite and repeatable, every parameter has a gradient that
 * agrees with finite differences, and its state goes out and in.
 *
 * `make` builds a fresh module and `inputs` fresh arguments for its `forward`.
 *
 * In a test file: `testModule(() => new Linear(3, 2), () => [ones([4, 3])], cpu())`.
 */
export function testModule(
  make: () => Forward,
  inputs: () => readonly Tensor[],
  backend: Backend | CreateBackend,
  options: TestModuleOptions = {},
): void {
  const { tolerance = 0.02 } = options;
  let made: Promise<Backend> | undefined;
  const ready = async (): Promise<Backend> =>
    use(typeof backend === "function" ? await (made ??= Promise.resolve(backend())) : backend);
  const outputs = (module: Forward): readonly Tensor[] => {
    const result = module.forward(...inputs());
    return isTensor(result) ? [result] : result;
  };
  const scalar = (module: Forward): Tensor => contract(outputs(module), "float32");

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

    test("every parameter has a gradient, as finite differences say", async () => {
      await ready();
      const module = make().eval();
      const parameters = module.parameters();
      if (parameters.length === 0) return;
      const slopes = await read(grad(scalar(module), parameters));
      for (const [i, slope] of slopes.entries()) {
        expect(slope.length).toBe((await parameters[i]!.data()).length);
        expect(slope.every(Number.isFinite), `the gradient of ${parameters[i]!.describe()} is finite`).toBe(true);
      }
      const steepness = Math.hypot(...slopes.flatMap((slope) => Array.from(slope)));
      if (steepness === 0 || tolerance === Infinity) return;
      // Along the gradient the loss changes by its length.
      const start = await read(parameters.map((own) => own.read()));
      const at = async (distance: number): Promise<number> => {
        parameters.forEach((own, i) =>
          own.load(Float32Array.from(start[i]!, (value, j) => value + (distance * slopes[i]![j]!) / steepness)),
        );
        return scalar(module).item();
      };
      const distance = 5e-3;
      const numeric = ((await at(distance)) - (await at(-distance))) / (2 * distance);
      expect(Math.abs(numeric - steepness), `slope ${steepness}, finite differences ${numeric}`).toBeLessThanOrEqual(
        tolerance * steepness,
      );
    });

    test("its state goes into another of its kind", async () => {
      await ready();
      const [one, other] = [make().eval(), make().eval()];
      const state = await one.stateDict();
      expect(Object.keys(state)).toEqual([...one.namedParameters().keys(), ...one.namedBuffers().keys()]);
      other.loadStateDict(changed(state));
      one.loadStateDict(changed(state));
      const expected = await read(outputs(one));
      for (const [i, data] of (await read(outputs(other))).entries()) assertSameBits(data, expected[i]!, `output ${i}`);
    });

    test("a state that does not fit is refused, and changes nothing", async () => {
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
          data: new Float32Array(2 * state[name]!.data.length),
        };
        expect(() => module.loadStateDict({ ...state, [name]: wrong })).toThrow(StateError);
      }
      expect(await module.stateDict()).toEqual(state);
    });
  });
}

const read = (tensors: readonly Tensor[]): Promise<TypedArray[]> => Promise.all(tensors.map((own) => own.data()));

/** Every value moved a little, so that loading it is seen. */
function changed(state: StateDict): StateDict {
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => [
      name,
      { ...value, data: value.data.map((own: number) => own * 1.0625) },
    ]),
  );
}
