import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import {
  compile,
  grad,
  mul,
  Optimizer,
  parameter,
  sum,
  use,
  type NumberOrSchedule,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import type { AnyUpdateRule } from "@ansatz/core/plugin";
import { beforeAll, describe, expect, test } from "vitest";
import { given, recorded } from "./golden.ts";
import {
  adadelta,
  adafactor,
  adagrad,
  adam,
  adamax,
  adamw,
  amsgrad,
  amsgradw,
  asgd,
  centeredRmsprop,
  lamb,
  lookahead,
  muon,
  nadam,
  nadamw,
  nesterov,
  radam,
  radamw,
  rmsprop,
  rprop,
  scheduleFree,
  sgd,
} from "./index.ts";

const golden = await recorded("long");
const kept = [1, 2, 10, 50, 200];
const scales = { tiny: 1e-12, small: 1e-6, ordinary: 1, huge: 1e6 };
const recipe = { beta1: 0.8, beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1 };

const settings: Readonly<Record<string, readonly [AnyUpdateRule, Readonly<Record<string, NumberOrSchedule>>]>> = {
  adadelta: [adadelta, { learningRate: 1 }],
  adafactor: [adafactor, { learningRate: 0.5 }],
  adagrad: [adagrad, {}],
  adam: [adam, {}],
  adamax: [adamax, {}],
  adamw: [adamw, {}],
  amsgrad: [amsgrad, {}],
  amsgradw: [amsgradw, {}],
  "asgd-early": [asgd, { decay: 0.1, alpha: 0.5, averagingStart: 2, weightDecay: 0.1 }],
  "centered-rmsprop-long": [centeredRmsprop, { alpha: 0.9, epsilon: 1e-4, momentum: 0.8 }],
  lamb: [lamb, {}],
  "lamb-decay": [lamb, recipe],
  lookahead: [lookahead(adamw), { period: 2, slowness: 0.7 }],
  muon: [muon, {}],
  nadam: [nadam, {}],
  nadamw: [nadamw, { ...recipe, momentumDecay: 0.1 }],
  nesterov: [nesterov, { weightDecay: 0.1 }],
  radam: [radam, {}],
  radamw: [radamw, recipe],
  "rmsprop-long": [rmsprop, { alpha: 0.9, epsilon: 1e-4, momentum: 0.8 }],
  rprop: [rprop, {}],
  "schedule-free": [scheduleFree, {}],
  "schedule-free-warmup": [
    scheduleFree,
    { learningRate: (step) => 0.05 * Math.min(1, (step + 1) / 4), power: 1, ratePower: 1.5 },
  ],
  "sgd-momentum": [sgd, { momentum: 0.9, weightDecay: 0.1 }],
};

/** The largest relative error of rounding. */
const rounding = { float32: 2 ** -24, float64: 2 ** -53 };
const largest = (values: ArrayLike<number>): number => Math.max(...Array.from(values, Math.abs));

interface Trained {
  readonly path: string;
  readonly shape: string;
  readonly scale: number;
  readonly own: Parameter;
}

/**
 * Trains a parameter of each shape on gradients of each scale with one optimizer. Compares it at the recorded steps,
 * relative to how far it has moved; each step may also round it twice, for the decay and for the move. "origin" starts
 * at 0, so that float32 holds the tiniest steps.
 */
async function follow(name: string, dtype: "float32" | "float64", tolerance: number): Promise<void> {
  const [rule, options] = settings[name]!;
  const trained = Object.keys(golden).flatMap((path): Trained[] => {
    const [of, shape, scale] = path.split("/") as [string, string, keyof typeof scales];
    if (of !== name) return [];
    const own = parameter(given(golden[`start/${shape}`]!).cast(dtype));
    return [{ path, shape, scale: scales[scale], own }];
  });
  const parameters = trained.map(({ own }) => own);
  const optimizer = new Optimizer(parameters, rule, { learningRate: 0.05, ...options });
  const update = compile((gradients: Readonly<Record<string, Tensor>>) => {
    const losses = trained.map(({ shape, scale, own }) => sum(mul(own, mul(gradients[shape]!.cast(dtype), scale))));
    optimizer.update(
      grad(
        losses.reduce((a, b) => a.add(b)),
        parameters,
      ),
    );
    return [];
  });
  const shapes = [...new Set(trained.map(({ shape }) => shape))];
  for (let step = 1; step <= 200; step++) {
    await update(Object.fromEntries(shapes.map((shape) => [shape, given(golden[`gradients/${shape}`]!, step - 1)])));
    const place = kept.indexOf(step);
    if (place < 0) continue;
    for (const { path, shape, own } of trained) {
      const expected = await given(golden[path]!, place).data();
      const [start, last] = [golden[`start/${shape}`]!.data, golden[path]!.data.subarray(-expected.length)];
      const [moved, size] = [largest(expected.map((value, i) => value - start[i]!)), largest([...start, ...last])];
      const allowed = tolerance * moved + (shape === "origin" ? 0 : 2 * step * rounding[dtype] * size);
      for (const [i, value] of (await own.data()).entries())
        expect(
          Math.abs(value - expected[i]!),
          `${path}, step ${step}: ${value}, not ${expected[i]!}`,
        ).toBeLessThanOrEqual(allowed);
    }
  }
}

describe("200 steps with tiny and huge gradients, as in PyTorch's float64:", () => {
  describe("float64 on cpu", () => {
    beforeAll(() => use(cpu()));
    test.each(Object.keys(settings))("%s", (name) => follow(name, "float64", 1e-12));
  });

  describe.each([
    ["cpu", cpu],
    ["onnx", onnx],
  ] as const)("float32 on %s", (_name, backend) => {
    beforeAll(async () => use(await backend()));
    test.each(Object.keys(settings))("%s", (name) => follow(name, "float32", 2e-5));
  });
});
