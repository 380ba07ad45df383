import {
  add,
  ArgumentError,
  compile,
  discardPending,
  DTypeError,
  gather,
  grad,
  GradientError,
  hvp,
  integers,
  memory,
  Module,
  mul,
  Optimizer,
  parameter,
  realize,
  ShapeError,
  square,
  sum,
  tensor,
  use,
  zeros,
  zerosLike,
  type Tensor,
} from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";
import { beforeAll, describe, expect, test } from "vitest";
import { cpu } from "./cpu.ts";

beforeAll(() => use(cpu()));

/** Sets the parameter to the learning rate plus a hyper-parameter, so that a test reads what the rule was given. */
const rate = updateRule({
  name: "rate",
  spec: 1,
  hyper: { offset: 0 },
  state: () => ({}),
  update: ({ θ, learningRate, offset }) => ({ θ: add(mul(θ, 0), add(learningRate, offset)) }),
});
/** Counts: the parameter becomes the step; `seen` becomes what an observation was given. */
const counting = updateRule({
  name: "counting",
  spec: 1,
  hyper: {},
  state: (θ) => ({ seen: zerosLike(θ) }),
  update: ({ θ, step }) => ({ θ: add(mul(θ, 0), step) }),
  observe: ({ seen, step, learningRate }) => ({ seen: add(mul(seen, 0), add(mul(step, 100), learningRate)) }),
});
const one = (own: ReturnType<typeof parameter>) => grad(sum(own.read()), [own]);

describe("a Hessian-vector product", () => {
  test("is zero in what the loss is linear in, and exact in the rest", async () => {
    const own = { weight: parameter(tensor([1, 2])), bias: parameter(tensor([3])) };
    const loss = add(sum(mul(square(own.weight), tensor([1, 5]))), sum(own.bias));
    const product = hvp(loss, own, { weight: tensor([1, 1]), bias: tensor([7]) });
    expect([...(await product.weight.data())]).toEqual([2, 10]);
    expect([...(await product.bias.data())]).toEqual([0]);
    expect(product.bias.node.gradientOf).toBe(own.bias);
  });

  test.each([
    ["float64", "float32"],
    ["float32", "float64"],
  ] as const)("has the dtype of its target, %s, also for a vector of %s", async (dtype, other) => {
    const own = parameter(tensor([0.5, 7], { dtype }));
    const [plain, cubic] = [square(own), mul(own, square(own))].map((loss) =>
      hvp(sum(loss), own, tensor([1, 3], { dtype: other })),
    );
    expect([plain!.dtype, cubic!.dtype]).toEqual([dtype, dtype]);
    expect([...(await plain!.data()), ...(await cubic!.data())]).toEqual([2, 6, 3, 126]);
  });

  test("is zero where the loss is linear in everything", async () => {
    const x = tensor([1, 2]);
    expect([...(await hvp(sum(mul(x, tensor([3, 4]))), x, tensor([1, 1])).data())]).toEqual([0, 0]);
  });

  test("is refused for what the loss does not use, and for vectors that do not fit", () => {
    const [x, y] = [tensor([1, 2]), tensor([1])];
    expect(() => hvp(sum(square(x)), [x, y], [x, y])).toThrow(GradientError);
    expect(() => hvp(sum(square(x)), [x], [y])).toThrow(ShapeError);
    expect(() => hvp(sum(square(x)), [x], [y])).toThrow("hvp: target 0 is [2] but its vector is [1]");
  });
});

test("gradients with respect to a module or a map are refused with what to pass instead", () => {
  class Scale extends Module {
    readonly weight = parameter(tensor([1]));
  }
  const model = new Scale();
  const loss = sum(model.weight.read());
  expect(() => grad(loss, model as never)).toThrow(/found a Scale\n {2}pass its parameters: module\.parameters\(\)$/);
  expect(() => grad(loss, model.namedParameters() as never)).toThrow(/found a Map\n {2}pass an array or a record/);
});

test("settings reach a rule in each parameter's dtype, also where groups mix them, and recompile nothing", async () => {
  const [wide, narrow] = [parameter(zeros([1], { dtype: "float64" })), parameter(zeros([2]))];
  const other = parameter(zeros([3], { dtype: "float64" }));
  const own = [wide, narrow, other];
  const optimizer = new Optimizer(own, rate, {
    learningRate: 0.1,
    offset: (step) => 0.1 * step,
    groups: [{ where: (_name, { shape }) => shape[0] === 3, learningRate: 0.3 }],
  });
  const step = async () => {
    const loss = own.map((x) => sum(x).cast("float64")).reduce((a, b) => add(a, b));
    optimizer.update(grad(loss, own));
    await realize();
    return Promise.all(own.map(async (x) => (await x.data())[0]));
  };
  expect(await step()).toEqual([0.1, Math.fround(0.1), 0.3]);
  const { compilations } = memory();
  expect(await step()).toEqual([0.2, Math.fround(Math.fround(0.1) + Math.fround(0.1)), 0.4]);
  expect(memory().compilations).toBe(compilations);
});

describe("schedules count from 0, as PyTorch's:", () => {
  test("the first update uses the first value, in a plain loop and compiled", async () => {
    const own = parameter(tensor([0]));
    const optimizer = new Optimizer([own], rate, { learningRate: (step) => 10 + step });
    expect(optimizer.learningRate).toBe(10);
    for (const expected of [10, 11]) {
      optimizer.update(one(own));
      await realize();
      expect(await own.read().item()).toBe(expected);
      expect(optimizer.learningRate).toBe(expected);
    }
    const step = compile((x: Tensor) => {
      optimizer.update(grad(sum(mul(own, x)), [own]));
      return x;
    });
    for (const expected of [12, 13]) {
      await step(tensor([1]));
      expect(await own.read().item()).toBe(expected);
    }
    expect(optimizer.step).toBe(4);
    expect(optimizer.settingsOf(own)).toEqual({ learningRate: 13, offset: 0 });
  });

  test("a rule counts its steps from 1, and an observation has the settings of the next update", async () => {
    const own = parameter(tensor([0]));
    const optimizer = new Optimizer([own], counting, { learningRate: (step) => step });
    for (const count of [1, 2]) {
      optimizer.observe(one(own));
      optimizer.update(one(own));
      await realize();
      expect(await own.read().item()).toBe(count);
      expect(await optimizer.stateOf(own)["seen"]!.read().item()).toBe(100 * count + count - 1);
    }
  });
});

describe("a frozen parameter:", () => {
  const two = () => {
    const [own, late] = [parameter(tensor([0])), parameter(tensor([0]))];
    return { own, late, optimizer: new Optimizer([own, late], counting, { learningRate: (step) => step }) };
  };
  const values = async ({ own, late }: ReturnType<typeof two>) => [(await own.data())[0], (await late.data())[0]];
  const compiled = ({ own, late, optimizer }: ReturnType<typeof two>) =>
    compile(() => {
      const gradients = grad(add(sum(own.read()), sum(late.read())), [own, late]);
      optimizer.observe(gradients);
      optimizer.update(gradients);
      return [];
    });

  test("a rule counts the updates that it did not miss, in a plain loop and compiled", async () => {
    const made = two();
    const { own, late, optimizer } = made;
    const step = compiled(made);
    const trained: (readonly [boolean, boolean, number, number])[] = [
      [true, false, 1, 0],
      [true, false, 2, 0],
      [true, true, 3, 1],
      [true, true, 4, 2],
      [false, true, 4, 3],
      [true, true, 5, 4],
      [true, false, 6, 4],
      [true, true, 7, 5],
    ];
    for (const [first, second, ...expected] of trained) {
      [own.trainable, late.trainable] = [first, second];
      await step();
      expect(await values(made)).toEqual(expected);
      expect([optimizer.stepOf(own), optimizer.stepOf(late)]).toEqual(expected);
    }
    optimizer.update(grad(add(sum(own.read()), sum(late.read())), [own, late]));
    await realize();
    expect(await values(made)).toEqual([8, 6]);
    const { seen } = optimizer.stateOf(late);
    expect([...(await seen!.data())]).toEqual([100 * 5 + 7]); // schedules count the optimizer's updates, from 0
  });

  test("what it missed is saved, taken back with a step that fails, and checked", async () => {
    const made = two();
    const { own, late, optimizer } = made;
    late.trainable = false;
    const gradients = () => grad(add(sum(own.read()), sum(late.read())), [own, late]);
    for (let count = 0; count < 2; count++) {
      optimizer.update(gradients());
      await realize();
    }
    optimizer.update(gradients());
    discardPending();
    const saved = await optimizer.stateDict();
    expect([saved.step, saved.missed]).toEqual([2, { 1: 2 }]);
    const resumed = two();
    resumed.optimizer.loadStateDict(saved);
    resumed.optimizer.update(grad(add(sum(resumed.own.read()), sum(resumed.late.read())), [resumed.own, resumed.late]));
    await realize();
    expect(await values(resumed)).toEqual([3, 1]);
    const { missed: _missed, ...earlier } = saved;
    resumed.optimizer.loadStateDict(earlier); // it names no parameter, so none missed an update
    expect(resumed.optimizer.stepOf(resumed.late)).toBe(2);
    for (const missed of [{ 1: 3 }, { 1: -1 }, { 0: 0.5 }, { other: 1 }])
      expect(() => optimizer.loadStateDict({ ...saved, missed })).toThrow(/missed .* of 2 updates\n {2}the names must/);
    expect(() => optimizer.stepOf(parameter(tensor([0])))).toThrow(ArgumentError);
  });
});

describe("a step that does not happen is not counted:", () => {
  const made = () => {
    const own = parameter(tensor([0, 0]));
    return { own, optimizer: new Optimizer([own], rate, { learningRate: (step) => 1 + step }) };
  };
  const failing = () => gather(tensor([1]).mul(2), integers([9]));

  test("one that fails while it runs", async () => {
    const { own, optimizer } = made();
    optimizer.update(one(own));
    expect(optimizer.step).toBe(1);
    await expect(realize(failing())).rejects.toThrow(/index 9/);
    expect(optimizer.step).toBe(0);
    optimizer.update(one(own));
    await realize();
    expect([...(await own.data()), optimizer.step]).toEqual([1, 1, 1]);
  });

  test("one that fails inside a compiled function, at any call", async () => {
    const { own, optimizer } = made();
    const step = compile((index: Tensor) => {
      const taken = gather(own, index);
      optimizer.update(grad(sum(taken), [own]));
      return taken;
    });
    await step(integers([1]));
    await expect(step(integers([7]))).rejects.toThrow(/index 7/);
    expect(optimizer.step).toBe(1);
    await step(integers([0]));
    expect([...(await own.data()), optimizer.step]).toEqual([2, 2, 2]);
  });

  test("one that is discarded, and one whose gradients do not fit", async () => {
    const { own, optimizer } = made();
    optimizer.update(one(own));
    optimizer.update(one(own));
    discardPending();
    expect(optimizer.step).toBe(0);
    expect(() => optimizer.update([])).toThrow(GradientError);
    await realize();
    expect([...(await own.data()), optimizer.step]).toEqual([0, 0, 0]);
  });

  test("a loaded state stands, whatever becomes of the step before", async () => {
    const { own, optimizer } = made();
    optimizer.update(one(own));
    optimizer.loadStateDict({ rule: "rate", step: 5, state: {} });
    discardPending();
    expect(optimizer.step).toBe(5);
  });
});

describe("bad input:", () => {
  test("a negative or missing rate, given, set, or from a schedule", () => {
    const own = parameter(tensor([0]));
    const making = (learningRate: number) => () => new Optimizer([own], rate, { learningRate });
    expect(making(-1)).toThrow(ArgumentError);
    expect(making(-1)).toThrow(/learningRate is -1\n {2}use 0 or more/);
    const optimizer = making(0)();
    expect(() => (optimizer.learningRate = -0.5)).toThrow(/learningRate is -0.5/);
    optimizer.learningRate = (step) => (step === 0 ? NaN : 1);
    expect(() => optimizer.update(one(own))).toThrow(/learningRate is NaN at step 0 of its schedule/);
    expect(optimizer.step).toBe(0);
    discardPending();
    expect(optimizer.step).toBe(0);
  });

  test("a model that was converted after its optimizer was made", () => {
    class Scale extends Module {
      readonly weight = parameter(tensor([1]));
    }
    const model = new Scale();
    model.namedParameters();
    const optimizer = new Optimizer(model, counting, { learningRate: 1 });
    model.to("float64");
    expect(() => optimizer.update(one(model.weight))).toThrow(DTypeError);
    expect(() => optimizer.update(one(model.weight))).toThrow(
      /update: "weight" is float64, but was float32 when the optimizer was made\n {2}convert the model first/,
    );
  });

  test("a rule that returns something else than its state", () => {
    const returning = (next: (θ: Tensor) => Tensor, state: string) =>
      updateRule<never, string>({
        name: "odd",
        spec: 1,
        hyper: {},
        state: (θ) => ({ m: zerosLike(θ) }),
        update: ({ θ }) => ({ [state]: next(θ!) }),
      });
    const updating = (next: (θ: Tensor) => Tensor, state = "m") => {
      const own = parameter(tensor([0, 1]));
      const optimizer = new Optimizer([own], returning(next, state), { learningRate: 1 });
      return () => optimizer.update(one(own));
    };
    expect(updating((θ) => sum(θ))).toThrow('odd: "m" is [2] but its next value is []');
    expect(updating((θ) => θ.cast("float64"))).toThrow(/odd: "m" is float32 but its next value is float64\n {2}make/);
    expect(updating((θ) => θ, "n")).toThrow(/returns "n", which isn't part of its state/);
  });
});
