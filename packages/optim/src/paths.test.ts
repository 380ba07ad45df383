import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { grad, mul, Optimizer, parameter, realize, sum, use, type NumberOrSchedule, type Tensor } from "@ansatz/core";
import type { AnyUpdateRule } from "@ansatz/core/plugin";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, given, recorded } from "./golden.ts";
import {
  accumulating,
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamax,
  adamDirection,
  adamw,
  amsgrad,
  amsgradw,
  asgd,
  averaged,
  centeredRmsprop,
  chain,
  decayedWeights,
  lamb,
  lookahead,
  muon,
  muonWith,
  nadam,
  nadamw,
  nesterov,
  radam,
  radamw,
  rmsprop,
  rprop,
  scheduleFree,
  sgd,
  trustRatio,
} from "./index.ts";

const golden = await recorded("updates");
const recipe = { beta1: 0.8, beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1 };

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
  ["centered-rmsprop", centeredRmsprop, {}],
  ["centered-rmsprop-momentum", centeredRmsprop, { alpha: 0.9, epsilon: 1e-4, momentum: 0.8, weightDecay: 0.1 }],
  ["adagrad", adagrad, {}],
  ["adagrad-decay", adagrad, { rateDecay: 0.2, weightDecay: 0.1, initialAccumulator: 0.5, epsilon: 1e-4 }],
  ["adadelta", adadelta, { learningRate: 1 }],
  ["adadelta-decay", adadelta, { learningRate: 0.5, rho: 0.8, epsilon: 1e-4, weightDecay: 0.1 }],
  ["adam", adam, {}],
  ["adam-decay", adam, recipe],
  ["amsgrad", amsgrad, {}],
  ["amsgrad-decay", amsgrad, recipe],
  ["amsgradw", amsgradw, {}],
  ["adam", chain("chained", adamDirection), {}],
  ["adam-decay", chain("chained", decayedWeights, adamDirection), recipe],
  ["lamb", chain("chained", adamDirection, trustRatio), {}],
  ["adamax", adamax, {}],
  ["adamax-decay", adamax, recipe],
  ["nadam", nadam, {}],
  ["nadam-decay", nadam, { ...recipe, momentumDecay: 0.1 }],
  ["nadamw", nadamw, { ...recipe, momentumDecay: 0.1 }],
  ["radam", radam, {}],
  ["radam-decay", radam, recipe],
  ["radamw", radamw, recipe],
  ["adafactor", adafactor, { learningRate: 0.5 }],
  [
    "adafactor-decay",
    adafactor,
    { decayExponent: -0.5, epsilon: 1e-4, scaleFloor: 1e-2, threshold: 1.5, weightDecay: 0.1 },
  ],
  ["muon", muon, {}],
  ["muon-plain", muon, { momentum: 0.8, weightDecay: 0 }],
  ["muon-wide", muon, {}],
  ["muon-matched", muonWith({ adjustment: "matchRmsAdamw", iterations: 3 }), {}],
  [
    "muon-spectral",
    muonWith({ adjustment: "spectralUnclamped", nesterov: false, coefficients: [2, -1.5, 0.5] }),
    { epsilon: 2 },
  ],
  ["rprop", rprop, {}],
  ["rprop-bounded", rprop, { shrinkage: 0.3, growth: 1.5, smallest: 0.02, largest: 0.1 }],
  ["asgd", asgd, {}],
  ["asgd-early", asgd, { decay: 0.1, alpha: 0.5, averagingStart: 2, weightDecay: 0.1 }],
  ["lamb", lamb, {}],
  ["lamb-decay", lamb, recipe],
  ["schedule-free", scheduleFree, {}],
  ["schedule-free-decay", scheduleFree, recipe],
  ["schedule-free-falling", scheduleFree, { learningRate: (step) => 0.05 * 0.8 ** step }],
  ["schedule-free-growing", scheduleFree, { learningRate: (step) => 0.05 * 1.2 ** step }],
  [
    "schedule-free-warmup",
    scheduleFree,
    { learningRate: (step) => 0.05 * Math.min(1, (step + 1) / 4), power: 1, ratePower: 1.5 },
  ],
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
    for (let step = 0; step < golden[path]!.shape[0]!; step++) {
      optimizer.update(grad(sum(mul(own, oriented(given(golden["gradients"]!, step)))), [own]));
      await realize();
      await expectClose(own.read(), given(golden[path]!, step), `${path}, step ${step + 1}`);
    }
  });

  test.each(paths.filter(([path]) => `${path}-thawed` in golden))(
    "%s, frozen for three",
    async (path, rule, settings) => {
      const [own, other] = [parameter(given(golden["start"]!)), parameter(given(golden["start"]!))];
      const optimizer = new Optimizer([own, other], rule, { learningRate: 0.05, ...settings });
      own.trainable = false;
      for (let step = 0; step < 6; step++) {
        if (step === 3) own.trainable = true;
        const gradient = given(golden["gradients"]!, step);
        optimizer.update(grad(sum(mul(own, gradient)).add(sum(mul(other, gradient))), [own, other]));
        await realize();
        await expectClose(own.read(), given(golden[`${path}-thawed`]!, step), `${path}, step ${step + 1}`);
        await expectClose(other.read(), given(golden[path]!, step), `${path} next to it, step ${step + 1}`);
      }
      if (path !== "asgd-early") return;
      const mean = given(golden["asgd-early-thawed-average"]!);
      await averaged(optimizer, [own], () => expectClose(own.read(), mean, "the mean"));
    },
  );
});

test("bfloat16 moves elements of PyTorch's orthogonal matrix by up to a fortieth", async () => {
  use(cpu());
  const [own, start] = [parameter(given(golden["start"]!)), golden["start"]!.data];
  const optimizer = new Optimizer([own], muon, { learningRate: 0.05 });
  const scale = 0.05 * Math.sqrt(4 / 3);
  const kept = 1 - 0.05 * 0.1; // by the decay
  const distances: number[] = [];
  let before = { ours: start, rounded: start };
  for (let step = 0; step < 6; step++) {
    optimizer.update(grad(sum(mul(own, given(golden["gradients"]!, step))), [own]));
    await realize();
    const now = { ours: await own.data(), rounded: await given(golden["muon-bfloat16"]!, step).data() };
    await expectClose(own.read(), given(golden["muon"]!, step), `in float32, step ${step + 1}`);
    const O = (path: "ours" | "rounded", i: number) => (kept * before[path][i]! - now[path][i]!) / scale;
    distances.push(Math.max(...Array.from(start, (_, i) => Math.abs(O("ours", i) - O("rounded", i)))));
    before = now;
  }
  expect(Math.max(...distances)).toBeLessThan(1 / 40);
  expect(Math.max(...distances)).toBeGreaterThan(1 / 50);
  expect(Math.min(...distances)).toBeGreaterThan(1 / 200); // each step differs
});
