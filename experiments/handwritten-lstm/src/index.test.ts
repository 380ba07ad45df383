import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import {
  abs,
  grad,
  max,
  mul,
  normal,
  oneHot,
  RandomStream,
  sub,
  sum,
  tensor,
  transpose,
  use,
  zerosLike,
} from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { crossEntropy, Linear, LSTM } from "@ansatz/nn";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backward } from "./backward.ts";
import { gradientError } from "./gradient-error.ts";
import experiment from "./index.ts";
import { LSTMLanguageModel } from "./lstm.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));
beforeAll(() => use(cpu()));

const names = ["W", "U", "b", "V", "d"] as const;
const input = tensor(
  [
    [0, 3, 1, 4],
    [2, 2, 0, 1],
  ],
  { dtype: "int32" },
);
const target = tensor(
  [
    [3, 1, 4, 0],
    [2, 0, 1, 3],
  ],
  { dtype: "int32" },
);
const model = () => new LSTMLanguageModel(5, 6, new RandomStream(7));

test("the gradients are those of grad, to the last digits of float64", async () => {
  expect(await gradientError(model(), input, target).item()).toBeLessThan(1e-12);
});

test.for(names)("the gradient of %s is what the loss does when it is moved a little", async (name) => {
  const lstm = model();
  const start = await lstm[name].data();
  const direction = normal(new RandomStream(3).next(), lstm[name].shape, { dtype: "float64" });
  const predicted = await sum(mul(backward(lstm, lstm.forward(input, target).steps)[name], direction)).item();
  const by = await direction.data();
  const lossAt = async (distance: number) => {
    lstm[name].load(Float64Array.from(start, (value, i) => value + distance * by[i]!));
    return lstm.forward(input, target).loss.item();
  };
  expect(((await lossAt(1e-5)) - (await lossAt(-1e-5))) / 2e-5).toBeCloseTo(predicted, 8);
});

test("the model is the LSTM of @ansatz/nn, and so are its gradients", async () => {
  const own = model();
  const [lstm, linear] = [new LSTM(5, 6).to("float64"), new Linear(6, 5).to("float64")];
  const { weightInput, weightRecurrent, biasInput, biasRecurrent } = lstm.weights[0].forward;
  weightInput.assign(transpose(own.W));
  weightRecurrent.assign(transpose(own.U));
  biasInput!.assign(own.b.read());
  biasRecurrent!.assign(zerosLike(own.b));
  linear.weight.assign(transpose(own.V));
  linear.bias!.assign(own.d.read());
  const [outputs] = lstm.forward(transpose(oneHot(input, 5), [1, 0, 2]));
  const loss = crossEntropy(linear.forward(outputs), transpose(target));
  const expected = grad(loss, [weightInput, weightRecurrent, biasInput!, linear.weight, linear.bias!]);
  const { W, U, b, V, d } = backward(own, own.forward(input, target).steps);
  for (const [i, found] of [transpose(W), transpose(U), b, transpose(V), d].entries())
    expect(await max(abs(sub(found, expected[i]!))).item()).toBeLessThan(1e-14);
  expect(await loss.item()).toBeCloseTo(await own.forward(input, target).loss.item(), 13);
});

test("a quick run learns something, and as well as with grad", async () => {
  const runWith = (gradients: string) =>
    runExperiment(experiment, { runs, settings: { ...experiment.quick, gradients }, output: "quiet" });
  const { folder, result } = await runWith("by-hand");
  const losses = new MetricsLog(folder).read().map(({ loss }) => loss!);
  expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.3);
  expect(result.digitsAfter).toBeGreaterThan(10);
  expect((await runWith("grad")).result.validationLoss).toBeCloseTo(result.validationLoss, 10);
});
