import { cpu } from "@ansatz/backend-cpu";
import {
  add,
  argmax,
  cast,
  compile,
  concat,
  customGradient,
  equal,
  grad,
  integers,
  Module,
  mean,
  mul,
  oneHot,
  Optimizer,
  relu,
  sub,
  sum,
  tensor,
  uniform,
  use,
  type Tensor,
} from "@ansatz/core";
import { crossEntropy, Linear, meanSquaredError } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import { beforeAll, expect, test } from "vitest";
import { experiment, type Experiment } from "../experiment/experiment.ts";
import small from "../testing/small-experiment.ts";
import { checkExperiment } from "./check-experiment.ts";

beforeAll(() => use(cpu()));

class Classifier extends Module {
  readonly hidden;
  readonly output;

  constructor(inputs: number) {
    super();
    this.hidden = new Linear(inputs, 16);
    this.output = new Linear(16, 2);
  }
}

interface Broken {
  /** A rule for the hidden layer's activation. */
  readonly activation?: (x: Tensor) => Tensor;
  /** Whether the model sees the labels. */
  readonly leaks?: boolean;
  /** What is added to the logits: a first loss that is too high. */
  readonly confidence?: number;
  readonly learningRate?: number;
  /** Whether a number that changes from step to step is in none of the parts. */
  readonly forgets?: boolean;
  /** Whether it logs a time, which is never the same. */
  readonly times?: boolean;
}

/** A small classifier: is the sum of two numbers above 1? Each option breaks it in one way. */
function classifier({ activation = relu, leaks, confidence = 0, learningRate = 0.05, forgets, times }: Broken = {}) {
  return experiment({
    question: "Is a sum above 1?",
    settings: { steps: 60 },
    quick: { steps: 30 },
    async run({ settings, random, steps, log, labels }) {
      const model = new Classifier(leaks === true ? 4 : 2);
      const optimizer = new Optimizer(model, adamw, { learningRate });
      const examples = async (count: number) => {
        const x = tensor(await uniform(random.next(), [count, 2]).data(), { shape: [count, 2] });
        const truth = [...(await sum(x, 1).data())].map((value) => Number(value > 1));
        return { x, label: labels(integers(truth)) };
      };
      const logitsOf = (x: Tensor, label: Tensor) => {
        const seen = leaks === true ? concat([x, oneHot(label, 2)], 1) : x;
        const logits = model.output.forward(activation(model.hidden.forward(seen)));
        return add(logits, mul(sub(1, oneHot(label, 2)), confidence));
      };
      const train = compile((x: Tensor, label: Tensor, scale: Tensor) => {
        const loss = mul(crossEntropy(logitsOf(x, label), label), scale);
        optimizer.update(grad(loss, model.parameters()));
        return loss;
      });
      let seen = 0;
      let seconds = 0; // in a part, and different in every run
      const clock = {
        stateDict: () => ({ seconds }),
        loadStateDict: (state: { seconds: number }) => ({ seconds } = state),
      };
      for await (const _step of steps(settings.steps, { model, optimizer, ...(times === true && { clock }) })) {
        seconds += performance.now();
        seen++;
        const { x, label } = await examples(32);
        const scale = tensor(forgets === true ? 1 + seen / 100 : 1);
        await log({ loss: await train(x, label, scale), ...(times === true && { milliseconds: performance.now() }) });
      }
      const { x, label } = await examples(256);
      const logits = logitsOf(x, label);
      const validationLoss = await crossEntropy(logits, label).item();
      const accuracy = await mean(cast(equal(argmax(logits, 1), label), "float32")).item();
      return { validationLoss, accuracy };
    },
  });
}

async function outcomesFor(checked: Experiment, settings = {}): Promise<Record<string, readonly [string, string]>> {
  const outcomes = await checkExperiment(checked, settings);
  expect(outcomes.map(({ check }) => check)).toEqual([
    "first loss",
    "dead units",
    "gradients",
    "one batch",
    "shuffled labels",
    "resumed run",
  ]);
  return Object.fromEntries(outcomes.map(({ check, outcome, detail }) => [check, [outcome, detail]]));
}

test("a sound classifier passes every check", async () => {
  const outcomes = await outcomesFor(classifier());
  for (const [outcome, detail] of Object.values(outcomes)) expect([outcome, detail]).toEqual(["passed", detail]);
  expect(outcomes["gradients"]![1]).toMatch(/^12 slopes of 4 parameters/);
  expect(outcomes["first loss"]![1]).toContain("equal probabilities of 2 classes give 0.6931");
  expect(outcomes["shuffled labels"]![1]).toMatch(/^validationLoss 0\.\d+, accuracy 0\.\d+; a constant guess/);
}, 120_000);

test("a wrong gradient fails, with the parameter", async () => {
  const twice = customGradient({
    forward: (x) => relu(x),
    gradient: (g, [x]) => [mul(g, mul(cast(sub(x!, 0), "float32").greater(0).cast("float32"), 2))],
  });
  const { gradients } = await outcomesFor(classifier({ activation: twice }));
  expect(gradients).toEqual([
    "failed",
    expect.stringMatching(/^hidden\.\w+, along its gradient: the gradient is .*, and finite differences give /),
  ]);
}, 120_000);

test("a batch that is not learned fails", async () => {
  const outcomes = await outcomesFor(classifier({ learningRate: 1e-6 }));
  expect(outcomes["one batch"]).toEqual(["failed", expect.stringMatching(/at the lowest 0\.\d+ in 300 steps$/)]);
}, 120_000);

test("a first loss far from ln(classes) fails, on both sides", async () => {
  const high = await outcomesFor(classifier({ confidence: 5 }));
  expect(high["first loss"]).toEqual(["failed", expect.stringContaining("confident mistakes")]);
  const low = await outcomesFor(classifier({ confidence: -5 }));
  expect(low["first loss"]).toEqual(["failed", expect.stringContaining("look for labels among its inputs")]);
}, 120_000);

test("dead units fail, with the layer", async () => {
  const dead = (x: Tensor) => relu(sub(x, 100));
  const outcomes = await outcomesFor(classifier({ activation: dead }));
  expect(outcomes["dead units"]).toEqual(["failed", expect.stringMatching(/16 of its 16 ReLU units have given 0/)]);
}, 120_000);

test("a model that sees the labels beats chance when they are shuffled, and fails", async () => {
  const outcomes = await outcomesFor(classifier({ leaks: true }));
  expect(outcomes["shuffled labels"]).toEqual(["failed", expect.stringMatching(/accuracy .*the model sees them$/)]);
}, 120_000);

test("state outside the parts fails, with the first step and metric; a time that is logged does not", async () => {
  const outcomes = await outcomesFor(classifier({ forgets: true }));
  expect(outcomes["resumed run"]).toEqual([
    "failed",
    expect.stringMatching(
      /after step 15 of 30, then resumed: from step 16 on loss is 0\.\d+ instead of 0\.\d+, and model/,
    ),
  ]);
  expect(outcomes["gradients"]).toEqual(["not applicable", expect.stringContaining("something is outside the parts")]);
  const timed = await outcomesFor(classifier({ times: true }));
  expect(timed["resumed run"]).toEqual(["passed", expect.stringContaining("left out: milliseconds, clock.seconds")]);
}, 120_000);

test("what does not apply says why, and settings can be given", async () => {
  const regression = await outcomesFor(small, { steps: 4 });
  expect(regression).toMatchObject({
    "first loss": ["not applicable", "the training loss has no cross-entropy of classes"],
    "dead units": ["not applicable", "it makes 4 steps, and 25 are needed"],
    "shuffled labels": ["not applicable", "it does not say what its labels are: labels(target), of its context"],
    "resumed run": ["passed", expect.stringContaining("after step 2 of 4")],
  });
  const without = experiment({ question: "None?", settings: {}, run: () => Promise.resolve({ answer: 42 }) });
  for (const [outcome] of Object.values(await outcomesFor(without))) expect(outcome).toBe("not applicable");
  await expect(checkExperiment(small, { width: 3 })).rejects.toThrow("there is no setting --width");
}, 120_000);

test("a regression without a plain loss in its log is not applicable to the checks of its loss", async () => {
  const silent = experiment({
    question: "Is nothing logged?",
    settings: { steps: 30 },
    async run({ random, settings, steps, log }) {
      const model = new Linear(1, 1);
      const optimizer = new Optimizer(model, adamw, { learningRate: 0.01 });
      for await (const _step of steps(settings.steps, { model, optimizer })) {
        const x = uniform(random.next(), [4, 1]);
        optimizer.update(grad(meanSquaredError(model.forward(x), x), model.parameters()));
        await log({});
      }
      return {};
    },
  });
  const outcomes = await outcomesFor(silent);
  expect(outcomes["one batch"]).toEqual(["not applicable", "its first step logs no loss: log({ loss })"]);
}, 120_000);
