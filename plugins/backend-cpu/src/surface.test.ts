import { inspect } from "node:util";
import {
  add,
  buffer,
  compile,
  grad,
  input,
  integers,
  key,
  Module,
  mul,
  normal,
  Optimizer,
  parameter,
  realize,
  seed,
  square,
  sum,
  tensor,
  use,
  valueAndGrad,
  withDType,
  zeros,
  type Tensor,
} from "@ansatz/core";
import * as core from "@ansatz/core";
import { defaultStream, moduleTree, updateRule } from "@ansatz/core/plugin";
import { beforeAll, describe, expect, test } from "vitest";
import { cpu } from "./index.ts";

beforeAll(async () => {
  await use(cpu());
});

const descent = updateRule({
  name: "descent",
  spec: 1,
  hyper: {},
  state: () => ({}),
  update: ({ θ, g, learningRate }) => ({ θ: θ.sub(learningRate.mul(g)) }),
});

class Scale extends Module {
  readonly weight = parameter(tensor([1, 2]));
  readonly offset = parameter(tensor([0, 0]));
  readonly seen = buffer(zeros([]));

  forward(x: Tensor): Tensor {
    return add(mul(x, this.weight), this.offset);
  }
}

describe("a tensor", () => {
  test("shows its shape, dtype and values in the console", async () => {
    const x = add(tensor([[1, 2]]), 1);
    expect(inspect(x)).toBe("Tensor [1, 2] float32, not computed yet");
    await realize(x);
    expect(inspect(x)).toBe("Tensor [1, 2] float32 [ [ 2, 3 ] ]");
    expect(inspect(tensor([true, false]))).toBe("Tensor [2] bool [ true, false ]");
    expect(inspect(zeros([2]))).toBe("Tensor [2] float32 [ 0, 0 ]");
    expect(inspect(zeros([2_000]))).toBe("Tensor [2000] float32, on the host");
    const large = add(zeros([1_000]), 1);
    await realize(large);
    expect(inspect(large)).toBe("Tensor [1000] float32, on cpu");
    large.dispose();
    expect(inspect(large)).toBe("Tensor [1000] float32, disposed");
  });

  test("that is a parameter shows its name and latest value", async () => {
    const model = new Scale();
    expect(inspect(model.weight)).toBe("Parameter [2] float32 [ 1, 2 ]");
    model.namedParameters();
    expect(inspect(model.weight)).toBe('Parameter "weight" [2] float32 [ 1, 2 ]');
    expect(inspect(model.seen)).toBe("Buffer [] float32 0");
    model.weight.assign(add(model.weight, 1));
    expect(inspect(model.weight)).toBe('Parameter "weight" [2] float32, not computed yet');
    await realize();
    expect(inspect(model.weight)).toBe('Parameter "weight" [2] float32, on cpu');
    expect(inspect(parameter(normal(key(0), [2])))).toBe("Parameter [2] float32, not computed yet");
  });

  test("is read as the typed array of its dtype, and as no other", async () => {
    const values: Float32Array = await tensor([1, 2]).data("float32");
    expect([...values]).toEqual([1, 2]);
    const rejected = tensor([1, 2]).data("int32");
    await expect(rejected).rejects.toThrow(
      'data: the tensor is float32, not int32\n  convert it first: await cast(x, "int32")',
    );
    await expect(parameter(tensor([1])).data("float64")).rejects.toThrow("the tensor is float32, not float64");
  });

  test("has a method for every function whose first operand is a tensor", async () => {
    const others = ["full", "ones", "zeros", "iota", "arange", "eye", "causalMask", "concat", "stack", "einsum"];
    const functions = Object.entries(core).filter(([, value]) => typeof value === "function" && "op" in value);
    const names = functions.map(([name]) => name).filter((name) => !others.includes(name));
    expect(names.length).toBeGreaterThan(60);
    const x = tensor([1, 2]);
    expect(names.filter((name) => typeof Reflect.get(x, name) !== "function")).toEqual([]);
    expect(await x.log1p().exp().sub(1).array()).toEqual([1, 2]);
    expect(await tensor([true, false]).where(x, 0).array()).toEqual([1, 0]);
    expect(await x.split(2)[1]!.array()).toEqual([2]);
    expect(x.expandDims(0).shape).toEqual([1, 2]);
  });

  test("keeps what the graph needs behind one field", () => {
    expect(Object.keys(tensor([1])).toSorted()).toEqual(["dtype", "node", "shape"]);
  });

  test("of bytes is int32, and bool only if that is said", async () => {
    const pixels = tensor(new Uint8Array([0, 255, 7]));
    expect(pixels.dtype).toBe("int32");
    expect(await pixels.array()).toEqual([0, 255, 7]);
    expect(await tensor(new Uint8Array([0, 2]), { dtype: "bool" }).array()).toEqual([false, true]);
  });

  test("of integers is int32, and refuses fractions", async () => {
    const labels = integers([[0, 3]]);
    expect([labels.dtype, labels.shape]).toEqual(["int32", [1, 2]]);
    expect(() => integers([0.5])).toThrow("integers: 0.5 isn't a whole number of 32 bits");
    expect(() => integers([2 ** 31])).toThrow("2147483648 isn't");
    expect(() => integers(new Float64Array([NaN]))).toThrow("NaN isn't");
    expect(() => integers([true])).toThrow("true isn't");
  });
});

describe("gradients", () => {
  test("valueAndGrad makes a function of the first argument", async () => {
    const loss = valueAndGrad(({ x }: { x: Tensor }, factor: number) => sum(square(x)).mul(factor));
    const [value, { x }] = loss({ x: tensor([1, 3]) }, 2);
    expect(await value.item()).toBe(20);
    expect(await x.array()).toEqual([4, 12]);
  });

  test("of unused targets are zeros if that is allowed, and an error otherwise", async () => {
    const [x, unused] = [tensor([2]), tensor([[1, 1]])];
    expect(() => grad(sum(x), [x, unused])).toThrow("does not depend on target 1");
    const realised = add(sum(x), 1);
    await realize(realised);
    expect(() => grad(realised, [x], { allowUnused: true })).toThrow("the loss was realised before");
    const [first, second] = grad(sum(x), [x, unused] as const, { allowUnused: true });
    expect([await first.array(), await second.array()]).toEqual([[1], [[0, 0]]]);
  });
});

describe("compile", () => {
  test("refuses a plain number, and says what to pass", async () => {
    const step = compile((x: Tensor, rate: unknown) => mul(x, rate as Tensor));
    await expect(step(tensor([2]), 0.1)).rejects.toThrow("got the number 0.1 as an argument");
    expect(await (await step(tensor([2]), input(3))).array()).toEqual([6]);
  });

  test("hands modules and other objects on as they are, and traces once for each", async () => {
    let traces = 0;
    const step = compile((model: Scale, x: Tensor) => {
      traces++;
      return model.forward(x);
    });
    const [one, two] = [new Scale(), new Scale()];
    expect(await (await step(one, tensor([1, 1]))).array()).toEqual([1, 2]);
    await step(one, tensor([2, 2]));
    await step(two, tensor([1, 1]));
    expect(traces).toBe(2);
  });

  test("tells strings apart that contain what separates arguments", async () => {
    const step = compile((x: Tensor, words: readonly string[]) => mul(x, words.length));
    expect(await (await step(tensor([1]), ["x;string y"])).array()).toEqual([1]);
    expect(await (await step(tensor([1]), ["x", "y"])).array()).toEqual([2]);
  });

  test("traces again after a model was converted", async () => {
    const model = new Scale();
    const step = compile(() => sum(model.weight.read()));
    expect((await step()).dtype).toBe("float32");
    model.to("float64");
    expect(await (await step()).data("float64")).toEqual(new Float64Array([3]));
  });

  test("returns the present value of a cell that it does not change", async () => {
    const offset = buffer(tensor([1]));
    const step = compile((x: Tensor) => ({ offset: offset.read(), sum: add(x, offset) }));
    await step(tensor([1]));
    offset.load(new Float32Array([5]));
    const later = await step(tensor([1]));
    expect([await later.offset.array(), await later.sum.array()]).toEqual([[5], [6]]);
  });

  test("refuses to make a random stream inside the function", async () => {
    const step = compile((x: Tensor) => add(x, normal(defaultStream().fork().next(), [1])));
    await expect(step(tensor([1]))).rejects.toThrow(
      "fork: a layer or random stream is made inside a compiled function",
    );
  });

  test("keeps the latest variants only", async () => {
    let traces = 0;
    const step = compile((x: Tensor, mode: string) => {
      traces++;
      return mul(x, mode.length);
    });
    for (let i = 0; i < 70; i++) await step(tensor([1]), `mode ${i}`);
    await step(tensor([1]), "mode 69");
    expect(traces).toBe(70);
    await step(tensor([1]), "mode 0"); // long gone
    expect(traces).toBe(71);
  });

  test("drops updates of empty cells, as realize does", async () => {
    const empty = buffer(zeros([0]));
    const step = compile((x: Tensor) => {
      empty.assign(add(empty.read(), 1));
      return add(x, 1);
    });
    expect(await (await step(tensor([1]))).array()).toEqual([2]);
    expect(await empty.read().array()).toEqual([]);
  });

  test("guards the cells that it changes while it runs", async () => {
    const total = buffer(zeros([]));
    const step = compile((x: Tensor) => {
      total.assign(add(total, x));
      return x;
    });
    await step(tensor(1));
    const running = step(tensor(2));
    let refused: unknown;
    for (let i = 0; i < 50 && refused === undefined; i++) {
      try {
        total.read();
      } catch (error) {
        refused = error;
      }
      await Promise.resolve();
    }
    await running;
    expect(String(refused)).toContain("was read while a step that changes it was running");
    expect(await total.read().item()).toBe(3);
  });
});

describe("a frozen module", () => {
  test("has no gradients and no updates, is saved, and can be trained again", async () => {
    const model = new Scale();
    const optimizer = new Optimizer(model, descent, { learningRate: 1 });
    const step = compile((x: Tensor) => {
      const loss = sum(model.forward(x));
      optimizer.update(grad(loss, model.parameters()));
      return loss;
    });
    model.offset.trainable = false;
    await step(tensor([1, 1]));
    expect(await model.offset.data()).toEqual(new Float32Array([0, 0]));
    expect(await model.weight.data()).toEqual(new Float32Array([0, 1]));
    expect(model.freeze().parameters()).toEqual([]);
    expect(Object.keys(await model.stateDict())).toEqual(["weight", "offset", "seen"]);
    expect(model.parameterCount()).toBe(4);
    const gradients = grad(sum(model.weight.read()), [model.weight]);
    optimizer.update(gradients); // of a frozen parameter: left out
    await realize();
    expect(await model.weight.data()).toEqual(new Float32Array([0, 1]));
    model.unfreeze();
    await step(tensor([1, 1])); // traced again, since what is trainable has changed
    expect(await model.offset.data()).toEqual(new Float32Array([-1, -1]));
    expect(parameter(zeros([1]), { trainable: false }).trainable).toBe(false);
  });
});

describe("dtypes", () => {
  test("withDType sets the default for a scope, and for it alone", () => {
    const inside = withDType("float64", () => [tensor([1]), zeros([1]), normal(key(0), [1]), input(1), integers([1])]);
    expect(inside.map(({ dtype }) => dtype)).toEqual(["float64", "float64", "float64", "float64", "int32"]);
    expect(tensor([1]).dtype).toBe("float32");
    expect(() => withDType("float64", async () => 1)).toThrow("withDType: the function is async");
    expect(() => withDType("int32" as "float32", () => 1)).toThrow("withDType: int32 isn't float32 or float64");
  });

  test("module.to converts in place, before and after the first use, and trains in the new dtype", async () => {
    const model = new Scale();
    await model.weight.data();
    expect(model.to("float64")).toBe(model);
    expect([model.weight.dtype, model.offset.dtype, model.seen.dtype]).toEqual(["float64", "float64", "float64"]);
    expect(await model.weight.data("float64")).toEqual(new Float64Array([1, 2]));
    const optimizer = new Optimizer(model, descent, { learningRate: 0.1 });
    optimizer.update(grad(sum(model.forward(tensor([1, 1], { dtype: "float64" }))), model.parameters()));
    await realize();
    expect(await model.weight.data("float64")).toEqual(new Float64Array([0.9, 1.9])); // float32's 0.1 would show
    model.weight.assign(zeros([2], { dtype: "float64" }));
    expect(() => model.to("float32")).toThrow("has a pending value");
    await realize();
  });
});

describe("state", () => {
  test("a warm start sets what fits by name, and tells what was missing and extra", async () => {
    const model = new Scale();
    const state = { weight: { shape: [2], dtype: "float32", data: new Float32Array([5, 6]) } } as const;
    const other = { shape: [], dtype: "float32", data: new Float32Array([0]) } as const;
    expect(model.loadStateDict({ ...state, other }, { strict: false })).toEqual({
      missing: ["offset", "seen"],
      extra: ["other"],
    });
    expect(await model.weight.data()).toEqual(new Float32Array([5, 6]));
    expect(() => model.loadStateDict({ weight: other }, { strict: false })).toThrow("wrong shape: weight");
    expect(() => model.loadStateDict(state)).toThrow("missing: offset [2] float32");
  });

  test("the learning rate can be set, for every group that shares it", () => {
    const model = new Scale();
    const optimizer = new Optimizer(model, descent, {
      learningRate: 0.1,
      groups: [
        { where: (name: string) => name === "weight" },
        { where: (name: string) => name === "offset", learningRate: 0.5 },
      ],
    });
    optimizer.learningRate = 0.2;
    expect(optimizer.groups.map((group) => group["learningRate"])).toEqual([0.2, 0.5, 0.2]);
    expect(optimizer.learningRate).toBe(0.2);
    optimizer.learningRate = (step) => step;
    expect(optimizer.learningRate).toBe(0);
    optimizer.learningRate = 0.5; // equal to the second group's by chance
    optimizer.learningRate = 0.1;
    expect(optimizer.groups.map((group) => group["learningRate"])).toEqual([0.1, 0.5, 0.1]);
    expect(() => (optimizer.learningRate = NaN)).toThrow("learningRate is NaN");
  });
});

test("an optimizer over a frozen model trains it once it is trainable; two models keep their names apart", async () => {
  const [one, two] = [new Scale().freeze(), new Scale()];
  const optimizer = new Optimizer(one, descent, { learningRate: 1 });
  one.unfreeze();
  optimizer.update(grad(sum(one.forward(tensor([1, 1]))), one.parameters()));
  await realize();
  expect(await one.weight.data()).toEqual(new Float32Array([0, 1]));
  const momentum = updateRule({
    name: "momentum",
    spec: 1,
    hyper: {},
    state: (θ: Tensor) => ({ m: θ.mul(0) }),
    update: ({ θ, g, m }) => ({ θ: θ.sub(g), m }),
  });
  const both = new Optimizer([...one.parameters(), ...two.parameters()], momentum, { learningRate: 1 });
  expect(Object.keys((await both.stateDict()).state)).toEqual(["0.weight.m", "1.offset.m", "2.weight.m", "3.offset.m"]);
});

test("seed sets the process-wide stream", () => {
  seed(7);
  const first = defaultStream().next().words();
  const second = defaultStream().next().words();
  seed(7);
  expect(second).not.toEqual(first);
  expect(defaultStream().next().words()).toEqual(first);
  expect(() => seed(-1)).toThrow("the seed is -1");
  seed(0);
});

test("summary and the console print layers, types, shapes and counts", () => {
  class Pair extends Module {
    readonly first = new Scale();
    readonly rest = [new Scale()];
  }
  const pair = new Pair();
  pair.first.freeze();
  let printed = "";
  pair.summary((text) => (printed = text));
  expect(printed.split("\n")).toEqual([
    "layer         type                shape        parameters",
    "─────────────────────────────────────────────────────────",
    "Pair                                                    8",
    "  first       Scale                                     4",
    "    weight    Parameter (frozen)  [2] float32           2",
    "    offset    Parameter (frozen)  [2] float32           2",
    "    seen      Buffer              [] float32",
    "  rest                                                  4",
    "    0         Scale                                     4",
    "      weight  Parameter           [2] float32           2",
    "      offset  Parameter           [2] float32           2",
    "      seen    Buffer              [] float32",
    "─────────────────────────────────────────────────────────",
    "8 parameters, 4 of them frozen",
  ]);
  expect(inspect(pair)).toBe(printed);
  expect(inspect({ pair }, { depth: 0 })).toBe("{ pair: [Pair] }");
  expect(moduleTree(pair).children.map(({ name }) => name)).toEqual(["first", "rest"]);
});
