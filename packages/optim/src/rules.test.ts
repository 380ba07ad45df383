import { cpu } from "@ansatz/backend-cpu";
import {
  ArgumentError,
  grad,
  Optimizer,
  parameter,
  realize,
  ShapeError,
  sum,
  tensor,
  use,
  zeros,
  mul,
} from "@ansatz/core";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, given, recorded } from "./golden.ts";
import {
  accumulating,
  adafactor,
  adamDirection,
  adamw,
  asgd,
  averaged,
  chain,
  lookahead,
  muon,
  muonWith,
  newtonSchulz,
  scheduleFree,
  sgd,
} from "./index.ts";

const golden = await recorded("updates");

describe("what is no path:", () => {
  beforeAll(() => use(cpu()));

  test("adafactor keeps a row and a column of a matrix, and no more", async () => {
    const optimizer = new Optimizer([parameter(zeros([30, 50]))], adafactor, { learningRate: 1 });
    const { state } = await optimizer.stateDict();
    expect(Object.values(state).reduce((count, { data }) => count + data.length, 0)).toBe(30 + 50);
  });

  test("muon refuses a parameter that isn't a matrix, and says how to give it another rule", async () => {
    const [matrix, bias] = [
      parameter(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
      parameter(tensor([1, 2])),
    ];
    expect(() => new Optimizer([matrix, bias], muon, { learningRate: 0.02 })).toThrow(
      /\[2\], but muon is for matrices\n {2}give it a group/,
    );
    const optimizer = new Optimizer([matrix, bias], muon, {
      learningRate: 0.5,
      groups: [{ where: (_name, { shape }) => shape.length !== 2, rule: adamw, learningRate: 0.25, weightDecay: 0 }],
    });
    optimizer.update(grad(sum(matrix).add(sum(bias)), [matrix, bias]));
    await realize();
    expect(Array.from(await bias.data(), (value) => Number(value.toFixed(5)))).toEqual([0.75, 1.75]); // by η
    expect(Object.keys(optimizer.stateOf(bias))).toEqual(["m", "v"]);
    expect(Object.keys(optimizer.stateOf(matrix))).toEqual(["m"]);
    expect(() => optimizer.stateOf(parameter(zeros([1])))).toThrow(ArgumentError);
    expect(
      () =>
        new Optimizer([bias], muon, { learningRate: 1, groups: [{ where: () => true, rule: adamw, momentum: 0.9 }] }),
    ).toThrow(/adamw has no setting "momentum"/);
  });

  test("schedule-free's means are put in place for a while, also where that ends in an error", async () => {
    const [own, other] = [parameter(given(golden["start"]!)), parameter(tensor([1]))];
    const optimizer = new Optimizer([own, other], scheduleFree, {
      learningRate: 0.05,
      beta1: 0.8,
      beta2: 0.95,
      epsilon: 1e-5,
      weightDecay: 0.1,
      groups: [{ where: (_name, { shape }) => shape.length === 1, rule: sgd }],
    });
    for (let step = 0; step < 6; step++) {
      optimizer.update(grad(sum(mul(own, given(golden["gradients"]!, step))).add(sum(other)), [own, other]));
      await realize();
    }
    await averaged(optimizer, [own], () =>
      expectClose(own.read(), given(golden["schedule-free-decay-average"]!), "the mean"),
    );
    await expectClose(own.read(), given(golden["schedule-free-decay"]!, 5), "the parameter");
    await expect(averaged(optimizer, [own], () => Promise.reject(new Error("evaluation")))).rejects.toThrow(
      "evaluation",
    );
    await expectClose(own.read(), given(golden["schedule-free-decay"]!, 5), "the parameter");
    await expect(averaged(optimizer, [other], () => Promise.resolve())).rejects.toThrow(ArgumentError);
  });

  test("means are taken with each parameter's own beta1, whatever the last group has", async () => {
    const [own, other] = [parameter(given(golden["start"]!)), parameter(given(golden["start"]!))];
    own.name = "own";
    const optimizer = new Optimizer(
      new Map([
        ["own", own],
        ["other", other],
      ]),
      scheduleFree,
      {
        learningRate: 0.05,
        beta1: 0.5,
        groups: [
          { where: (name: string) => name === "own", beta1: 0.8, beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1 },
          { where: (name: string) => name === "other", beta1: 0.9 },
        ],
      },
    );
    for (let step = 0; step < 6; step++) {
      const gradient = given(golden["gradients"]!, step);
      optimizer.update(grad(sum(mul(own, gradient)).add(sum(mul(other, gradient))), [own, other]));
      await realize();
    }
    await averaged(optimizer, [own, other], async () => {
      await expectClose(own.read(), given(golden["schedule-free-decay-average"]!), "the first mean");
      await expectClose(other.read(), given(golden["schedule-free-average"]!), "the second mean");
    });
  });

  test("schedule-free with a beta1 of 0 trains, and says that it keeps no mean", async () => {
    const own = parameter(tensor([1]));
    const optimizer = new Optimizer([own], scheduleFree, { learningRate: 0.5, beta1: 0 });
    await averaged(optimizer, [own], async () => expect([...(await own.data())]).toEqual([1]));
    optimizer.update(grad(sum(own.read()), [own]));
    await realize();
    expect((await own.data())[0]).toBeCloseTo(0.5, 6);
    await expect(averaged(optimizer, [own], () => Promise.resolve())).rejects.toThrow(/beta1 is 0 for a \[1\] cell/);
  });

  test("the means of averaged gradient descent are PyTorch's", async () => {
    const own = parameter(given(golden["start"]!));
    const settings = { decay: 0.1, alpha: 0.5, averagingStart: 2, weightDecay: 0.1 };
    const optimizer = new Optimizer([own], asgd, { learningRate: 0.05, ...settings });
    for (let step = 0; step < 6; step++) {
      optimizer.update(grad(sum(mul(own, given(golden["gradients"]!, step))), [own]));
      await realize();
    }
    await averaged(optimizer, [own], () => expectClose(own.read(), given(golden["asgd-early-average"]!), "the mean"));
    await expectClose(own.read(), given(golden["asgd-early"]!, 5), "the parameter");
  });

  test.each([asgd, scheduleFree])("$name: the mean of a parameter frozen so far is the parameter", async (rule) => {
    const [own, frozen] = [parameter(tensor([1, 2])), parameter(tensor([3, 4]))];
    frozen.trainable = false;
    const optimizer = new Optimizer([own, frozen], rule, { learningRate: 0.1 });
    const update = async () => {
      optimizer.update(grad(sum(mul(own, own)).add(sum(mul(frozen, frozen))), [own, frozen]));
      await realize();
    };
    for (let step = 0; step < 3; step++) await update();
    await averaged(optimizer, [own, frozen], async () => expect([...(await frozen.data())]).toEqual([3, 4]));
    expect([...(await frozen.data())]).toEqual([3, 4]);
    frozen.trainable = true;
    await update();
    const values = await frozen.data();
    await averaged(optimizer, [frozen], async () => {
      for (const [i, mean] of (await frozen.data()).entries()) expect(mean).toBeCloseTo(values[i]!, 5); // of one value
    });
    for (const [i, start] of [3, 4].entries()) expect(Math.abs(values[i]! - start)).toBeLessThan(1);
  });

  test("muon refuses options that make no sense", () => {
    expect(() => muonWith({ adjustment: "toString" as "original" })).toThrow(/use one of original, matchRmsAdamw/);
    expect(() => muonWith({ iterations: 0 })).toThrow(ArgumentError);
    expect(() => muonWith({ iterations: 2.5 })).toThrow(/2.5 iterations/);
  });

  test("the Newton–Schulz iteration is a polynomial of the singular values", async () => {
    const polynomial = (x: number): number => 3.4445 * x - 4.775 * x ** 3 + 2.0315 * x ** 5;
    const start = [3, 2].map((value) => value / Math.sqrt(13));
    const [a, b] = start.map((value) => [1, 2, 3, 4, 5].reduce(polynomial, value));
    for (const rows of [
      [
        [3, 0, 0],
        [0, 2, 0],
      ],
      [
        [3, 0],
        [0, 2],
        [0, 0],
      ],
    ]) {
      const expected = rows.map((row) => row.map((value) => (value === 3 ? a! : value === 2 ? b! : 0)));
      await expectClose(newtonSchulz(tensor(rows)), tensor(expected), "five steps");
    }
    expect(() => newtonSchulz(tensor([1, 2]))).toThrow(ShapeError);
    expect(() => newtonSchulz(zeros([2, 2]), { iterations: 0 })).toThrow(ArgumentError);
  });

  test("accumulation changes no parameters between its updates", async () => {
    const own = parameter(tensor([1]));
    const optimizer = new Optimizer([own], accumulating(sgd), { learningRate: 0.5, every: 3 });
    const values: number[] = [];
    for (const gradient of [3, 6, -3, 1, 1, 1]) {
      optimizer.update(grad(sum(mul(own, gradient)), [own]));
      await realize();
      values.push((await own.data())[0]!);
    }
    expect(values).toEqual([1, 1, 0, 0, 0, -0.5]);
  });

  test("look-ahead resumes from a saved state, and starts from parameters loaded after it was made", async () => {
    const own = parameter(tensor([5]));
    const optimizer = new Optimizer([own], lookahead(sgd), { learningRate: 0.5, period: 2, slowness: 0.5 });
    own.load(Float32Array.of(1));
    for (let step = 0; step < 2; step++) {
      optimizer.update(grad(sum(mul(own, 2)), [own]));
      await realize();
    }
    expect([...(await own.data())]).toEqual([0]); // from 1 two steps of −1 to −1, and halfway back
  });

  test("links and wrappers that share a name are refused", () => {
    expect(() => chain("twice", adamDirection, adamDirection)).toThrow(ArgumentError);
    expect(() => lookahead(lookahead(sgd))).toThrow(/"period"/);
    const state = chain("both", adamDirection, {
      hyper: {},
      state: adamDirection.state,
      transform: ({ g }) => ({ g }),
    });
    expect(() => new Optimizer([parameter(zeros([1]))], state, { learningRate: 1 })).toThrow(/called "m"/);
  });
});
