import { StateError, use, type StateDict, type Tensor, type TypedArray } from "@ansatz/core";
import { allocate, isTensor, type Backend } from "@ansatz/core/plugin";
import { describe, expect, test } from "vitest";
import { checkModuleGradients, type Forward, type ModuleGradientOptions } from "./check-module-gradients.ts";
import { assertSameBits } from "./compare.ts";
import type { CreateBackend } from "./subjects.ts";

/**
 * Declares the conformance suite of a module: values are finite and repeatable, every trainable parameter has a
 * gradient, gradients agree with finite differences, and a saved state can be loaded into another module of the same
 * kind.
 *
 * `make` builds a fresh module and `inputs` fresh arguments for its `forward`. On a backend that holds float64, as the
 * reference does, gradients are compared in float64. Frozen parameters have no gradient and are left out.
 *
 * Call it at the top of a test file: `testModule(() => new Linear(3, 2), () => [normal(key(1), [4, 3])], cpu)`.
 */
export function testModule(
  make: () => Forward,
  inputs: () => readonly Tensor[],
  backend: Backend | CreateBackend,
  options: ModuleGradientOptions = {},
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

    test("every trainable parameter has a gradient, and gradients agree with finite differences", async () => {
      await checkModuleGradients(make, inputs, await ready(), options);
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
