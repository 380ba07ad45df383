import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import {
  ArgumentError,
  grad,
  mul,
  Optimizer,
  parameter,
  realize,
  sum,
  tensor,
  use,
  zeros,
  type NumberOrSchedule,
  type Tensor,
} from "@ansatz/core";
import type { AnyUpdateRule } from "@ansatz/core/plugin";
import { testUpdateRule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, given, recorded } from "./golden.ts";
import {
  accumulating,
  adafactor,
  adagrad,
  adam,
  adamax,
  adamDirection,
  adamw,
  averaged,
  chain,
  decayedWeights,
  lamb,
  lookahead,
  muon,
  nadam,
  nesterov,
  rmsprop,
  scheduleFree,
  sgd,
  trustRatio,
} from "./index.ts";

const golden = await recorded("updates");
const rules: readonly AnyUpdateRule[] = [
  accumulating(sgd),
  adafactor,
  adagrad,
  adam,
  adamax,
  adamw,
  lamb,
  lookahead(adamw),
  nadam,
  nesterov,
  rmsprop,
  scheduleFree,
  sgd,
];

for (const rule of rules) {
  const options =
    rule === adagrad || rule === adafactor || rule === lamb ? { learningRate: 0.1 } : { learningRate: 0.01 };
  testUpdateRule(rule, cpu, options);
  testUpdateRule(rule, onnx, options);
}

/** Each recorded path, and what follows it here. */
const paths: readonly (readonly [
  path: string,
  rule: AnyUpdateRule,
  settings: Readonly<Record<string, NumberOrSchedule>>,
])[] = [
  ["adamw", adamw, {}],
  ["adamw-recipe", adamw, { beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1 }],
  ["adamw-halving", adamw, { learningRate: (step) => 0.05 / 2 ** step, beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1 }],
  ["sgd", sgd, {}],
  ["sgd-momentum", sgd, { momentum: 0.9, weightDecay: 0.1 }],
  ["sgd-dampening", sgd, { momentum: 0.9, dampening: 0.3 }],
  ["nesterov", nesterov, { weightDecay: 0.1 }],
  ["rmsprop", rmsprop, {}],
  ["rmsprop-momentum", rmsprop, { alpha: 0.9, epsilon: 1e-4, momentum: 0.8, weightDecay: 0.1 }],
  ["adagrad", adagrad, {}],
  ["adagrad-decay", adagrad, { rateDecay: 0.2, weightDecay: 0.1, initialAccumulator: 0.5, epsilon: 1e-4 }],
  ["adam", adam, {}],
  ["adam-decay", adam, { beta1: 0.8, beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1 }],
  ["adam", chain("chained", adamDirection), {}],
  [
    "adam-decay",
    chain("chained", decayedWeights, adamDirection),
    { beta1: 0.8, beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1 },
  ],
  ["lamb", chain("chained", adamDirection, trustRatio), {}],
  ["adamax", adamax, {}],
  ["adamax-decay", adamax, { beta1: 0.8, beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1 }],
  ["nadam", nadam, {}],
  ["nadam-decay", nadam, { beta1: 0.8, beta2: 0.95, epsilon: 1e-5, momentumDecay: 0.1, weightDecay: 0.1 }],
  ["adafactor", adafactor, { learningRate: 0.5 }],
  [
    "adafactor-decay",
    adafactor,
    { decayExponent: -0.5, epsilon: 1e-4, scaleFloor: 1e-2, threshold: 1.5, weightDecay: 0.1 },
  ],
  ["muon", muon, {}],
  ["muon-plain", muon, { momentum: 0.8, weightDecay: 0 }],
  ["muon-wide", muon, {}],
  ["lamb", lamb, {}],
  ["lamb-decay", lamb, { beta1: 0.8, beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1 }],
  ["schedule-free", scheduleFree, {}],
  ["schedule-free-decay", scheduleFree, { beta1: 0.8, beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1 }],
  ["schedule-free-growing", scheduleFree, { learningRate: (step) => 0.05 * 1.2 ** step }],
  ["lookahead", lookahead(adamw), { period: 2, slowness: 0.7 }],
  ["accumulating", accumulating(adamw), { every: 2 }],
];

describe.each([
  ["cpu", cpu],
  ["onnx", onnx],
] as const)("six steps on %s, as PyTorch's:", (_name, backend) => {
  beforeAll(async () => use(await backend()));

  test.each(paths)("%s", async (path, rule, settings) => {
    const oriented = (x: Tensor) => (path === "muon-wide" ? x.transpose() : x);
    const own = parameter(oriented(given(golden["start"]!)));
    const optimizer = new Optimizer([own], rule, { learningRate: 0.05, ...settings });
    for (let step = 0; step < 6; step++) {
      optimizer.update(grad(sum(mul(own, oriented(given(golden["gradients"]!, step)))), [own]));
      await realize();
      await expectClose(own.read(), given(golden[path]!, step), `${path}, step ${step + 1}`);
    }
  });

  test("adafactor on a vector", async () => {
    const own = parameter(given(golden["start"]!, 0));
    const optimizer = new Optimizer([own], adafactor, { learningRate: 0.5 });
    for (let step = 0; step < 6; step++) {
      optimizer.update(
        grad(
          sum(
            mul(
              own,
              given(golden["gradients"]!, step)
                .slice([[0, 1]])
                .reshape([3]),
            ),
          ),
          [own],
        ),
      );
      await realize();
      await expectClose(own.read(), given(golden["adafactor-vector"]!, step), `step ${step + 1}`);
    }
  });
});

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
      expectClose(own.read(), given(golden["schedule-free-average"]!), "the mean"),
    );
    await expectClose(own.read(), given(golden["schedule-free-decay"]!, 5), "the parameter");
    await expect(averaged(optimizer, [own], () => Promise.reject(new Error("evaluation")))).rejects.toThrow(
      "evaluation",
    );
    await expectClose(own.read(), given(golden["schedule-free-decay"]!, 5), "the parameter");
    await expect(averaged(optimizer, [other], () => Promise.resolve())).rejects.toThrow(ArgumentError);
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
