import {
  add,
  and,
  AnsatzError,
  ArgumentError,
  attention,
  BackendError,
  bernoulli,
  broadcastTo,
  cast,
  compile,
  concat,
  convolution,
  DisposedError,
  DTypeError,
  dynamicSlice,
  einsum,
  gather,
  grad,
  GradientError,
  key,
  layerNorm,
  Module,
  neg,
  Optimizer,
  pad,
  parameter,
  realize,
  reshape,
  scan,
  ShapeError,
  softmax,
  softmaxCrossEntropy,
  squeeze,
  StaleReadError,
  StateError,
  sum,
  takeAlongAxis,
  tensor,
  topK,
  transpose,
  use,
  vjp,
  where,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { defineOp, record, updateRule, type Backend } from "@ansatz/core/plugin";
import { beforeEach, describe, expect, test } from "vitest";
import { cpu } from "./index.ts";

let backend: Backend;
beforeEach(async () => {
  backend = await use(cpu());
});

/** Code that a user may write although the types forbid it. */
const wrong = (value: unknown): never => value as never;
const int32 = { dtype: "int32" } as const;
const failure = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
  } catch (error) {
    return error;
  }
  return undefined;
};

/** Bad input by topic: the class of the error, and its message, which says what is wrong, where, and how to fix it. */
const cases: Readonly<Record<string, readonly (readonly [() => unknown, typeof AnsatzError, RegExp])[]>> = {
  shapes: [
    [
      () => concat([zeros([2, 3]), zeros([2, 4])], 0),
      ShapeError,
      /concat: the shapes differ in more than axis 0\n {2}\[2,3\] \[2,4\]/,
    ],
    [() => concat([], 0), ShapeError, /nothing to join\n {2}give at least one/],
    [
      () => reshape(zeros([2]), [3]),
      ShapeError,
      /reshape: 2 elements do not fill \[3\]\n {2}the lengths must multiply to 2/,
    ],
    [() => broadcastTo(zeros([3]), [2]), ShapeError, /\[3\] does not stretch to \[2\]\n {2}only axes of length 1/],
    [() => zeros([-1]), ShapeError, /\[-1\] is not a shape\n {2}every length/],
    [() => tensor([[1, 2], [3]]), ShapeError, /ragged arrays, \[2\] beside \[1\]\n {2}every array/],
    [() => convolution(zeros([1, 3, 8]), zeros([4, 2, 3])), ShapeError, /"channels" is 3 in x but 2 in kernel/],
    [
      () => softmaxCrossEntropy(zeros([64, 10]), zeros([32], int32)),
      ShapeError,
      /"batch" is 64 in logits but 32 in target\n {2}logits: \[64,10\] +\(batch classes\)\n {2}target: \[32\]/,
    ],
    [
      () => layerNorm(zeros([2, 3]), zeros([4]), zeros([4])),
      ShapeError,
      /layerNorm: "features" differs\n {2}x: +\[2,3\]/,
    ],
    [() => attention(zeros([1, 2, 3, 4]), zeros([1, 2, 3, 5]), zeros([1, 2, 3, 5])), ShapeError, /4 in a but 5 in b/],
    [() => einsum("ij,jk->ik", zeros([2, 3]), zeros([4, 1])), ShapeError, /"j" is 3 and 4/],
    [() => dynamicSlice(zeros([4]), [0], [5]), ShapeError, /a part of \[5\] does not fit in \[4\]/],
    [() => topK(zeros([4]), 5), ShapeError, /k is 5 but the axis of \[4\] has 4/],
    [
      () =>
        pad(zeros([4]), [
          [1, 2],
          [3, 4],
        ]),
      ShapeError,
      /2 pairs of widths for a tensor of 1 axes\n {2}give/,
    ],
    [() => tensor([1, 2]).item(), ShapeError, /has 2 elements, not 1\n {2}read them all/],
  ],
  axes: [
    [() => sum(zeros([2]), 3), ShapeError, /sum: axis 3 does not exist in a tensor of 1 axes\n {2}use -1 to 0/],
    [() => sum(zeros([2, 2]), 0.5), ShapeError, /axis 0.5 does not exist/],
    [() => sum(zeros([2, 2]), [0, -2]), ShapeError, /axis 0 is named twice in \[0,-2\]/],
    [() => softmax(zeros([2]), 1), ShapeError, /softmax: axis 1 does not exist/],
    [() => transpose(zeros([2, 3]), [0, 0]), ShapeError, /\[0,0\] does not order the 2 axes of \[2,3\]\n {2}name each/],
    [() => squeeze(zeros([3]), 0), ShapeError, /axis 0 of \[3\] has length 3, not 1/],
  ],
  dtypes: [
    [
      () => and(zeros([2]), zeros([2])),
      DTypeError,
      /and: a is float32 but must be bool\n {2}convert it first: cast\(a, "bool"\)/,
    ],
    [() => neg(zeros([2], { dtype: "bool" })), DTypeError, /must be a number dtype\n {2}convert/],
    [() => add(zeros([1], int32), zeros([1], { dtype: "uint32" })), DTypeError, /no common dtype\n {2}convert one/],
    [() => where(zeros([1]), 1, 2), DTypeError, /condition is float32 but must be bool/],
    [() => zeros([1], { dtype: wrong("float16") }), DTypeError, /"float16" is not a dtype\n {2}use one of/],
    [() => cast(zeros([1]), wrong("half")), DTypeError, /"half" is not a dtype/],
    [
      () => gather(zeros([3, 2]), tensor([0.5])),
      DTypeError,
      /the indices are float32 but must be whole numbers\n {2}make them with/,
    ],
    [() => softmaxCrossEntropy(zeros([3, 4]), zeros([3])), DTypeError, /softmaxCrossEntropy: the indices are float32/],
    [() => tensor(wrong(new BigInt64Array(1))), DTypeError, /no dtype\n {2}use a Float32Array/],
    [() => tensor(wrong(["1"])), ArgumentError, /cannot make a tensor of string\n {2}give a number/],
    [() => add(wrong(undefined), 1), ArgumentError, /expected a tensor.*got undefined\n {2}make one/],
  ],
  gradients: [
    [
      () => grad(tensor([1, 2]), tensor([1])),
      GradientError,
      /the loss is \[2\] of float32, but a gradient needs a float scalar\n {2}reduce it first/,
    ],
    [() => grad(sum(tensor([1], int32)), tensor([1])), GradientError, /\[\] of int32/],
    [() => grad(wrong(0.5), tensor([1])), GradientError, /the loss is number.*\n {2}take it of the loss itself/],
    [
      () => grad(sum(tensor([1])), parameter(tensor([1]))),
      GradientError,
      /does not depend on a \[1\] cell\n {2}leave it out/,
    ],
    [() => vjp(tensor([1]), tensor([1]), tensor([1, 2])), ShapeError, /output 0 is \[1\] but its cotangent is \[2\]/],
  ],
  cells: [
    [() => parameter(zeros([2])).assign(zeros([3])), ShapeError, /is \[2\] but its next value is \[3\]/],
    [
      () => parameter(zeros([2])).assign(zeros([2], int32)),
      DTypeError,
      /float32 but its next value is int32\n {2}convert/,
    ],
    [() => parameter(zeros([2])).assign(wrong(1)), ArgumentError, /must be a tensor, but got number\n {2}make one/],
    [
      () => parameter(zeros([2])).load(new Float64Array(2)),
      ArgumentError,
      /needs 2 elements of float32, not 2 of Float64Array/,
    ],
    [() => key(-1), ArgumentError, /the seed is -1\n {2}use/],
    [() => bernoulli(key(1), 2, [3]), ArgumentError, /the probability is 2\n {2}use/],
  ],
  indices: [
    [
      () => gather(add(zeros([3, 2]), tensor(1)), tensor([3], int32)).data(),
      BackendError,
      /gather: index 3 is out of range for axis 0 of length 3\n[^]*clamp or mask/,
    ],
    [() => gather(add(zeros([3, 2]), tensor(1)), tensor([-1], int32)).data(), BackendError, /index -1 is out of range/],
    [
      () => takeAlongAxis(tensor([[1, 2]]), tensor([[7, 0]], int32), 1).data(),
      BackendError,
      /takeAlongAxis: index 7 is out of range/,
    ],
  ],
};

describe.each(Object.entries(cases))("%s", (_name, list) => {
  test.each(list.map((entry) => [entry[2].source, ...entry] as const))("/%s/", async (_source, work, type, message) => {
    const error = await failure(work);
    expect(error).toBeInstanceOf(type);
    expect(String(error)).toMatch(message);
  });
});

describe("backends", () => {
  test("a value that isn't a backend cannot be used, and the backend in use stays", async () => {
    for (const value of [undefined, null, {}, cpu])
      await expect(use(wrong(value))).rejects.toThrow(/use: .* isn't a backend\n {2}call its factory/);
    await expect(use(wrong({ ...cpu(), spec: 2 }))).rejects.toThrow(/cpu speaks version 2 .*\n {2}install compatible/);
    expect(await add(tensor([1]), 1).item()).toBe(2);
  });

  test("an op that the backend lacks is named, with the backend and the fix", async () => {
    const cubeRoot = defineOp({ name: "cubeRoot", shape: "... -> ...", accepts: "floating" });
    const error = await failure(() => record(cubeRoot, [tensor([8])]).data());
    expect(error).toBeInstanceOf(BackendError);
    expect(String(error)).toBe(
      'BackendError: cpu has no "cubeRoot" for float32\n' +
        "  use a backend that has it, or say what it means in smaller ops: defineOp({ …, expand })",
    );
    const floats: Backend = { ...cpu(), supports: (op, dtype) => dtype === "float32" && backend.supports(op, dtype) };
    await use(floats);
    await expect(add(tensor([1], { dtype: "float64" }), 1).data()).rejects.toThrow(
      /cpu has no "add" for float64\n {2}convert with cast\(x, "float32"\)/,
    );
  });

  test("two backends in one graph", async () => {
    const here = add(zeros([1_000]), tensor(1));
    await realize(here);
    const weight = parameter(tensor([1, 2]));
    await realize(add(weight, 1));
    await use({ ...cpu(), name: "other" });
    for (const mixed of [here, weight]) {
      const error = await failure(() => add(mixed, 1).data());
      expect(error).toBeInstanceOf(BackendError);
      expect(String(error)).toMatch(
        /lives on cpu but other is in use\n {2}read it with `await x.data\(\)` while its backend is in use/,
      );
    }
  });
});

describe("tensors that cannot be read", () => {
  test("placeholders of compiled functions and scans", async () => {
    const leaked: Tensor[] = [];
    await compile((x: Tensor) => add(x, leaked.push(x)))(tensor([1]));
    scan((h: Tensor, x: Tensor) => [add(h, x), add(h, leaked.push(h))], tensor(0), tensor([1, 2]));
    for (const placeholder of leaked) {
      await expect(placeholder.data()).rejects.toThrow(
        /has no value: it stands for an argument.*\n {2}return it from the function/,
      );
      await expect(add(placeholder, 1).data()).rejects.toThrow(
        /from inside a scan or a compiled function was used outside it\n {2}return it/,
      );
    }
    expect(backend.memory().buffers).toBe(0);
    await expect(compile(wrong(async (x: Tensor) => x))(wrong(tensor([1])))).rejects.toThrow(
      /the function is async.*\n {2}take `async`/,
    );
    await expect(compile(wrong(() => 1))()).rejects.toThrow(/expected tensors.*number/);
  });

  test("disposed and overwritten tensors", async () => {
    const computed = add(tensor([1]), 1);
    await realize(computed);
    for (const x of [computed, tensor([1])]) {
      x.dispose();
      for (const read of [() => x.data(), () => add(x, 1).data()]) {
        const error = await failure(read);
        expect(error).toBeInstanceOf(DisposedError);
        expect(String(error)).toMatch(/a \[1\] tensor was disposed before it was read\n {2}read it first/);
      }
    }
    const weight = parameter(tensor([1]));
    const stale = add(weight, 1);
    weight.assign(tensor([5]));
    await realize();
    const error = await failure(() => stale.data());
    expect(error).toBeInstanceOf(StaleReadError);
    expect(String(error)).toMatch(/recorded on a \[1\] cell before it was updated.*\n {2}realise it together/);
  });
});

class Model extends Module {
  readonly a = parameter(zeros([2, 3]));
  readonly b = parameter(zeros([2]));
  readonly c = parameter(zeros([4]));
}

describe("state and optimizers", () => {
  const rule = updateRule({
    name: "plain",
    spec: 1,
    hyper: { weightDecay: 0 },
    state: () => ({}),
    update: ({ θ, g, learningRate }) => ({ θ: θ.sub(learningRate.mul(g)) }),
  });
  const make = (model: Model, options: unknown = { learningRate: 1 }): Optimizer<typeof rule> =>
    new Optimizer(model, rule, options as never);
  const gradients = ({ a, b, c }: Model, targets = [a, b, c]) => grad(add(add(sum(a), sum(b)), sum(c)), targets);

  test("everything that is wrong with a state is reported at once, and nothing changes", async () => {
    const model = new Model();
    const state = {
      a: { shape: [3, 2], dtype: "float32", data: new Float32Array(6).fill(1) },
      b: { shape: [2], dtype: "float64", data: new Float64Array(2) },
      e: { shape: [], dtype: "float32", data: new Float32Array(1) },
    } as const;
    const error = await failure(() => model.loadStateDict(state));
    expect(error).toBeInstanceOf(StateError);
    expect(String(error)).toBe(
      "StateError: loadStateDict: the state does not fit\n" +
        "  wrong shape: a is [3,2] but must be [2,3]\n  wrong dtype: b is float64 but must be float32\n" +
        "  missing: c [4] float32\n  extra: e",
    );
    expect([...(await model.a.data())]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(() => make(model).loadStateDict({ rule: "adam", step: 1, state: {} })).toThrow(
      /the state is of adam, but this optimizer runs plain/,
    );
  });

  test.each([
    [{ learningRate: 1, wieghtDecay: 1 }, /plain has no setting "wieghtDecay"\n {2}did you mean "weightDecay"\?/],
    [
      { learningRate: 1, groups: [{ where: () => true, lr: 1 }] },
      /no setting "lr"\n {2}it has learningRate, weightDecay/,
    ],
    [{ learningRate: NaN }, /learningRate is NaN\n {2}use a number or a schedule/],
    [{}, /has no learning rate\n {2}give one/],
  ])("the settings %j", (options, message) => {
    expect(() => make(new Model(), options)).toThrow(ArgumentError);
    expect(() => make(new Model(), options)).toThrow(message);
  });

  test("gradients of another model, too few of them, or none", () => {
    const [model, other] = [new Model(), new Model()];
    other.namedParameters();
    const optimizer = make(model);
    expect(() => optimizer.update(gradients(other))).toThrow(
      /"a" isn't a parameter of this optimizer\n {2}build the optimizer over/,
    );
    expect(() => optimizer.update(gradients(model, [model.a]))).toThrow(
      /no gradient for b, c\n {2}take gradients of all/,
    );
    expect(() => optimizer.update(model.parameters().map(({ shape }) => zeros(shape)))).toThrow(
      /isn't the gradient of a parameter\n {2}pass the result of grad/,
    );
    expect(() => optimizer.observe([])).toThrow(/plain takes gradients only/);
  });

  test("a step that fails while it runs changes nothing, and the next step works", async () => {
    const weight = parameter(tensor([1, 2]));
    const step = compile((index: Tensor) => {
      const taken = gather(weight, index);
      weight.assign(add(weight, 1));
      return taken;
    });
    await expect(step(tensor([9], int32))).rejects.toThrow(/index 9 is out of range/);
    expect([...(await weight.data())]).toEqual([1, 2]);
    expect(await (await step(tensor([1], int32))).item()).toBe(2);
    expect([...(await weight.data())]).toEqual([2, 3]);
  });
});
