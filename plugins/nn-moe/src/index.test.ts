import { readFileSync } from "node:fs";
import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import {
  ArgumentError,
  compile,
  concat,
  grad,
  key,
  memory,
  mul,
  normal,
  ones,
  relu,
  ShapeError,
  stack,
  sum,
  tensor,
  use,
  type Tensor,
} from "@ansatz/core";
import { checkpointed, TransformerBlock, TransformerLM } from "@ansatz/nn";
import { testModule } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import {
  auxiliaryLoss,
  balancingLoss,
  mixtureOfExperts,
  MixtureOfExperts,
  routerZLoss,
  routingOf,
  type MixtureOfExpertsOptions,
} from "./index.ts";
import { onEveryBackend } from "./testing.ts";

const kinds: readonly MixtureOfExpertsOptions[] = [
  { experts: 3 },
  { experts: 3, perToken: 2, gated: true, bias: true, shared: 5 },
  { experts: 2, capacity: 0.75 },
  { experts: 3, choice: "experts", perToken: 2, shared: 5, gated: true },
];

await onEveryBackend((backend) => {
  for (const options of kinds)
    testModule(
      () => new MixtureOfExperts(4, { hidden: 6, random: 1, ...options }),
      () => [normal(key(2), [2, 7, 4])],
      backend,
    );
});

interface Golden {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Case {
  readonly x: Golden;
  readonly weights: Golden;
  readonly router: Golden;
  readonly experts: Readonly<Record<"expand" | "gate" | "contract", Golden>>;
  readonly y: Golden;
  readonly balancing: number;
  readonly z: number;
  readonly gradients: Readonly<Record<"x" | "router" | "expand" | "gate" | "contract", Golden>>;
  readonly gradientsOfLosses: Readonly<Record<"x" | "router", Golden>>;
}
const goldens = JSON.parse(
  readFileSync(new URL("../reference/goldens/mixtures.json", import.meta.url), "utf8"),
) as Readonly<Record<string, Case>>;
const float64 = ({ shape, data }: Golden): Tensor => tensor(Float64Array.from(data), { shape });

describe("Hugging Face's transformers have the same results, losses and gradients", () => {
  beforeAll(() => use(cpu()));

  test.each([
    ["mixtralTwoOfFour", { perToken: 2, gated: true }],
    ["switchWithoutLimit", { activation: relu, bias: false }],
    ["switchWithCapacityOfFour", { activation: relu, bias: false, capacity: 4 / (18 / 4) }],
  ] as const)("%s", async (name, options) => {
    const golden = goldens[name]!;
    const layer = new MixtureOfExperts(6, { experts: 4, hidden: 10, ...options }).to("float64");
    const data = ({ shape, data: values }: Golden) => ({
      shape,
      dtype: "float64" as const,
      data: Float64Array.from(values),
    });
    layer.loadStateDict({
      "router.weight": data(golden.router),
      ...Object.fromEntries(
        Object.entries(golden.experts).flatMap(
          ([
            own,
            {
              shape: [count, ...shape],
              data: all,
            },
          ]) => {
            const size = all.length / count!;
            const one = (i: number) => data({ shape, data: all.slice(i * size, (i + 1) * size) });
            return Array.from({ length: count! }, (_, i) => [`experts.matrices.${i}.${own}`, one(i)]);
          },
        ),
      ),
    });
    const x = float64(golden.x);
    const y = layer.forward(x);
    const expectClose = async (found: Tensor, wanted: Golden) => {
      const values = await found.data();
      expect(found.shape).toEqual(wanted.shape);
      for (const [i, value] of wanted.data.entries()) expect(values[i]).toBeCloseTo(value, 12);
    };
    const { router, experts } = layer;
    const names = Object.keys(golden.experts) as (keyof Case["experts"])[];
    const matrices = names.flatMap((own) => experts.matrices.flatMap((one) => one[own] ?? []));
    const slopes = grad(sum(mul(y, float64(golden.weights))), [x, router.weight, ...matrices]);
    const gradients: Record<string, Tensor> = { x: slopes[0]!, router: slopes[1]! };
    for (const [i, own] of names.entries()) gradients[own] = stack(slopes.slice(2 + 4 * i, 6 + 4 * i));
    const [{ balancingLoss: balancing, zLoss: z }] = routingOf(layer) as [ReturnType<typeof routingOf>[0]];
    const ofLosses = grad(auxiliaryLoss(layer, { balancing: 1, z: 1 }), { x, router: router.weight });
    await expectClose(y, golden.y);
    expect(await balancing.item()).toBeCloseTo(golden.balancing, 12);
    expect(await z.item()).toBeCloseTo(golden.z, 12);
    for (const [own, wanted] of Object.entries(golden.gradients)) await expectClose(gradients[own]!, wanted);
    for (const own of ["x", "router"] as const) await expectClose(ofLosses[own], golden.gradientsOfLosses[own]);
  });
});

/** A layer whose router says of token i what `logits` says, and whose expert e multiplies by e + 1. */
function staged(logits: readonly (readonly number[])[], options: Partial<MixtureOfExpertsOptions> = {}) {
  const [tokens, experts] = [logits.length, logits[0]!.length];
  const layer = new MixtureOfExperts(tokens, {
    experts,
    hidden: tokens,
    bias: false,
    activation: (x) => x,
    ...options,
  });
  const identity = (scale: number) =>
    Array.from({ length: tokens * tokens }, (_, i) => (i % (tokens + 1) === 0 ? scale : 0));
  const each = (name: string, scale: (expert: number) => number) =>
    Object.fromEntries(
      Array.from({ length: experts }, (_, e) => [
        `experts.matrices.${e}.${name}`,
        { shape: [tokens, tokens], dtype: "float32" as const, data: Float32Array.from(identity(scale(e))) },
      ]),
    );
  layer.loadStateDict({
    "router.weight": {
      shape: [experts, tokens],
      dtype: "float32",
      data: Float32Array.from(Array.from({ length: experts }, (_, e) => logits.map((own) => own[e]!)).flat()),
    },
    ...each("expand", (e) => e + 1),
    ...each("contract", () => 1),
  });
  // Token i is the unit vector i, so its logits are row i, and its result is the i-th number of its row.
  const x = tensor(Float32Array.from(identity(1)), { shape: [tokens, tokens] });
  const results = async () =>
    ((await layer.forward(x).array()) as number[][]).map((row, i) => {
      for (const [j, value] of row.entries()) if (j !== i) expect(value).toBe(0);
      return row[i]!;
    });
  return { layer, x, results };
}

const softmaxOf = (logits: readonly number[]) => {
  const total = logits.reduce((all, h) => all + Math.exp(h), 0);
  return logits.map((h) => Math.exp(h) / total);
};

describe("tokens choose experts", () => {
  beforeAll(() => use(cpu()));

  test("one expert is weighted by its probability, which is not divided by itself", async () => {
    const logits = [
      [1, 0],
      [0, 2],
    ];
    const [first, second] = await staged(logits).results();
    expect(first).toBeCloseTo(softmaxOf(logits[0]!)[0]!, 6);
    expect(second).toBeCloseTo(2 * softmaxOf(logits[1]!)[1]!, 6);
  });

  test("an expert takes its first tokens up to its capacity; the others get zeros", async () => {
    const logits = [
      [5, 0],
      [4, 0],
      [0, 1],
      [9, 0],
    ];
    const { layer, results } = staged(logits, { capacity: 1 });
    const values = await results();
    expect(values.map((value) => value !== 0)).toEqual([true, true, true, false]); // the likeliest came last
    const [{ load, dropped }] = routingOf(layer) as [ReturnType<typeof routingOf>[0]];
    expect(await load.array()).toEqual([0.75, 0.25]); // as chosen, before any was dropped
    expect(await dropped.item()).toBe(0.25);
  });

  test("second choices come after all first choices", async () => {
    const logits = [
      [3, 2, -9],
      [3, 2, -9],
      [2, 3, -9],
    ];
    // Each expert takes two. Both first choices of expert 0 stay, and token 2 is one too many; expert 1 takes token 2,
    // whose first choice it is, and token 0.
    const values = await staged(logits, { perToken: 2, capacity: 1 }).results();
    const [p, q] = softmaxOf([3, 2]) as [number, number];
    expect(values[0]).toBeCloseTo(p + 2 * q, 4);
    expect(values[1]).toBeCloseTo(p, 4);
    expect(values[2]).toBeCloseTo(2 * p, 4);
  });

  test("the capacity counts the tokens of the whole batch", async () => {
    const layer = new MixtureOfExperts(1, { experts: 2, capacity: 1, bias: false });
    layer.loadStateDict({
      ...(await layer.stateDict()),
      "router.weight": { shape: [2, 1], dtype: "float32", data: Float32Array.of(1, 0) },
    });
    // The first sequence chooses expert 0, the second one expert 1: with two places each of four, nobody is dropped.
    layer.forward(
      tensor([
        [[1], [1]],
        [[-1], [-1]],
      ]),
    );
    expect(await routingOf(layer)[0]!.dropped.item()).toBe(0);
    layer.forward(tensor([[[1], [1], [1], [-1]]]));
    expect(await routingOf(layer)[0]!.dropped.item()).toBe(0.25);
  });

  test("evaluation has a capacity of its own", async () => {
    const logits = [[1, 0], [1, 0], [1, 0], [1, 0]]; // prettier-ignore
    const { layer, results } = staged(logits, { capacity: 0.5, evaluationCapacity: 2 });
    expect((await results()).filter((value) => value === 0)).toHaveLength(3);
    layer.eval();
    expect((await results()).filter((value) => value === 0)).toHaveLength(0);
  });
});

describe("experts choose tokens", () => {
  beforeAll(() => use(cpu()));

  test("each takes the same number, of the likeliest; a token may have both or none", async () => {
    const logits = [
      [3, 0],
      [0, 0],
      [0, 3],
      [-1, 0],
    ];
    const { layer, results } = staged(logits, { choice: "experts" });
    const p = logits.map(softmaxOf);
    const values = await results(); // expert 0 takes tokens 0 and 1, expert 1 tokens 2 and 3
    for (const [i, wanted] of [p[0]![0]!, p[1]![0]!, 2 * p[2]![1]!, 2 * p[3]![1]!].entries())
      expect(values[i]).toBeCloseTo(wanted, 5);
    const [{ load, dropped }] = routingOf(layer) as [ReturnType<typeof routingOf>[0]];
    expect(await load.array()).toEqual([0.5, 0.5]);
    expect(await dropped.item()).toBe(0);
  });
});

describe("losses", () => {
  beforeAll(() => use(cpu()));

  test("balancing is N Σ f P: 1 if balanced, N if one expert takes all; no gradient flows through f", async () => {
    expect(await balancingLoss(tensor([0.25, 0.75]), tensor([[0.5, 0.5]])).item()).toBe(1);
    expect(await balancingLoss(tensor([1, 0, 0]), tensor([[1, 0, 0]])).item()).toBe(3);
    const [load, probabilities] = [tensor([0.25, 0.75]), tensor([[0.5, 0.5], [0.9, 0.1]])]; // prettier-ignore
    const gradients = grad(balancingLoss(load, probabilities), { load, probabilities });
    expect(await gradients.load.array()).toEqual([0, 0]);
    expect(await gradients.probabilities.array()).toEqual([
      [0.25, 0.75],
      [0.25, 0.75],
    ]); // N f / T; prettier-ignore
  });

  test("the z-loss is the mean square of log Σ e^h", async () => {
    expect(await routerZLoss(tensor([[0, 0], [1, 1]])).item()) // prettier-ignore
      .toBeCloseTo((Math.log(2) ** 2 + (1 + Math.log(2)) ** 2) / 2, 5);
  });

  test("the auxiliary loss is the weighted sum over all mixtures of a model", async () => {
    const feedForward = mixtureOfExperts({ experts: 2 });
    const model = new TransformerLM({ vocabularySize: 5, width: 4, layers: 2, heads: 1, context: 3, feedForward });
    model.forward(tensor(Int32Array.of(1, 2, 3), { shape: [1, 3] }));
    const each = routingOf(model);
    expect(each).toHaveLength(2);
    const wanted = await Promise.all(
      each.map(async (own) => 0.5 * (await own.balancingLoss.item()) + 0.25 * (await own.zLoss.item())),
    );
    expect(await auxiliaryLoss(model, { balancing: 0.5, z: 0.25 }).item()).toBeCloseTo(wanted[0]! + wanted[1]!, 5);
  });
});

describe("as a part of a model", () => {
  beforeAll(async () => use(await onnx()));

  test("what one token gets does not depend on later ones, without a capacity", async () => {
    const block = new TransformerBlock(8, {
      heads: 2,
      feedForward: mixtureOfExperts({ experts: 4, perToken: 2 }),
    }).eval();
    const x = normal(key(1), [1, 5, 8]);
    const [whole, start] = [await block.forward(x).data(), await block.forward(x.slice([null, [0, 3]])).data()];
    for (const [i, value] of start.entries()) expect(whole[i]).toBeCloseTo(value, 5);
  });

  test("other assignments use the same compiled program", async () => {
    const layer = new MixtureOfExperts(4, { experts: 3, perToken: 2, capacity: 1 });
    const step = compile((x: Tensor) => grad(sum(layer.forward(x)), layer.parameters()));
    for (const seed of [0, 1]) await step(normal(key(seed), [6, 4]));
    const { compilations } = memory();
    for (let seed = 2; seed < 6; seed++) await step(normal(key(seed), [6, 4]));
    expect(memory().compilations).toBe(compilations);
  });

  test("dropout inside experts changes training only", async () => {
    const layer = new MixtureOfExperts(4, { experts: 2, expertDropout: 0.5 });
    const x = ones([3, 4]);
    const [one, two] = [layer.forward(x), layer.forward(x)];
    expect(await one.array()).not.toEqual(await two.array());
    layer.eval();
    expect(await layer.forward(x).array()).toEqual(await layer.forward(x).array());
  });

  test("jitter multiplies what the router sees, evenly around 1, and not what experts see", async () => {
    const layer = new MixtureOfExperts(1, { experts: 1, jitter: 0.5, activation: (x) => x, bias: false });
    const x = ones([4_000, 1]);
    const seen = new MixtureOfExperts(1, { experts: 2, jitter: 0.5 });
    seen.loadStateDict({
      ...(await seen.stateDict()),
      "router.weight": { shape: [2, 1], dtype: "float32", data: Float32Array.of(1, 0) },
    });
    seen.forward(x);
    const shares = await routingOf(seen)[0]!
      .probabilities.slice([null, [0, 1]])
      .data(); // sigmoid of what it sees
    const factors = [...shares].map((p) => Math.log(p / (1 - p)));
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...factors)).toBeLessThanOrEqual(1.5);
    // Four standard errors of the mean of U(0.5, 1.5).
    expect(Math.abs(factors.reduce((a, b) => a + b) / 4_000 - 1)).toBeLessThan(
      (4 * Math.sqrt(1 / 12)) / Math.sqrt(4_000),
    );
    const results = await layer.forward(x).data(); // with one expert, whose probability is 1
    expect(new Set(results).size).toBe(1);
  });

  test("the capacity is rounded up, and experts that choose say which tokens nobody took", async () => {
    const layer = new MixtureOfExperts(1, { experts: 2, capacity: 1, bias: false });
    layer.loadStateDict({
      ...(await layer.stateDict()),
      "router.weight": { shape: [2, 1], dtype: "float32", data: Float32Array.of(1, 0) },
    });
    layer.forward(ones([3, 1])); // all choose expert 0, which takes ⌈3 / 2⌉
    expect(await routingOf(layer)[0]!.dropped.item()).toBeCloseTo(1 / 3, 6);
    const choosing = new MixtureOfExperts(1, { experts: 2, choice: "experts", capacity: 0.5 });
    choosing.loadStateDict({
      ...(await choosing.stateDict()),
      "router.weight": { shape: [2, 1], dtype: "float32", data: Float32Array.of(1, 0) },
    });
    choosing.forward(tensor([[2], [1], [-1], [-3]])); // expert 0 takes the first, expert 1 the last
    expect(await routingOf(choosing)[0]!.dropped.item()).toBe(0.5);
  });

  test("hidden widths, first values and the defaults of the losses", async () => {
    const shapes = (options: Partial<MixtureOfExpertsOptions>) =>
      Object.fromEntries(
        [...new MixtureOfExperts(6, { experts: 2, ...options }).namedParameters()].map(([name, { shape }]) => [
          name,
          shape,
        ]),
      );
    expect(shapes({})["experts.matrices.1.expand"]).toEqual([6, 24]);
    expect(shapes({})["experts.expandBias"]).toEqual([2, 24]);
    const matrices = Object.keys(shapes({ gated: true })).filter((name) => name.startsWith("experts"));
    expect(matrices.map((name) => name.replace("experts.matrices.", ""))).toEqual(
      ["0", "1"].flatMap((expert) => ["expand", "gate", "contract"].map((own) => `${expert}.${own}`)),
    );
    expect(shapes({ gated: true })["experts.matrices.0.gate"]).toEqual([6, 16]); // ⌈8 · 6 / 3⌉
    expect(Object.entries(shapes({ shared: 5 })).filter(([name]) => name.startsWith("sharedExpert"))).toContainEqual([
      expect.stringContaining("weight"),
      [5, 6],
    ]);
    const { experts } = new MixtureOfExperts(64, {
      experts: 2,
      hidden: 16,
      outputInitializer: (_key, shape) => ones(shape),
    });
    const [one, two] = [await experts.matrices[0]!.expand.data(), await experts.matrices[1]!.expand.data()];
    expect(one).not.toEqual(two);
    for (const value of [...one, ...two]) expect(Math.abs(value)).toBeLessThanOrEqual(1 / 8); // 1/√64
    expect(Math.max(...one)).toBeGreaterThan(0.11);
    expect(new Set(await experts.matrices[0]!.contract.data())).toEqual(new Set([1]));
    const layer = new MixtureOfExperts(4, { experts: 2 });
    layer.forward(normal(key(1), [3, 4]));
    const [{ balancingLoss: balancing, zLoss }] = routingOf(layer) as [ReturnType<typeof routingOf>[0]];
    expect(await auxiliaryLoss(layer).item()).toBeCloseTo(
      0.01 * (await balancing.item()) + 0.001 * (await zLoss.item()),
      6,
    );
  });

  test("what is undefined is the block's", () => {
    const unset = { experts: 2, dropout: undefined } as unknown as MixtureOfExpertsOptions;
    const layer = mixtureOfExperts(unset)(4, { dropout: 0.5 }) as MixtureOfExperts;
    expect(layer.experts.dropout?.probability).toBe(0.5);
    const own = mixtureOfExperts({ experts: 2, dropout: 0.25 })(4, { dropout: 0.5 }) as MixtureOfExperts;
    expect(own.experts.dropout?.probability).toBe(0.25);
  });

  test("a checkpointed block has the same gradients", async () => {
    const make = () => new TransformerBlock(8, { heads: 2, random: 3, feedForward: mixtureOfExperts({ experts: 3 }) });
    const x = normal(key(1), [1, 5, 8]);
    const read = async (block: TransformerBlock) =>
      (await concat(grad(sum(block.forward(x)), block.parameters()).map((g) => g.reshape([g.size])))).data();
    expect(await read(checkpointed(make()))).toEqual(await read(make()));
  });
});

test.each([
  [{ experts: 0 }, /experts is 0/],
  [{} as { experts: number }, /experts is undefined/],
  [{ experts: 2, perToken: 3 }, /perToken is 3\n {2}use a whole number from 1 to 2/],
  [{ experts: 2, capacity: 0 }, /capacity is 0/],
  [{ experts: 2, evaluationCapacity: -1 }, /evaluationCapacity is -1/],
  [{ experts: 2, jitter: 1 }, /jitter is 1/],
  [{ experts: 2, hidden: 2.5 }, /hidden is 2.5/],
  [{ experts: 2, shared: 0 }, /shared is 0/],
  [{ experts: 2, choice: "expert" as "experts" }, /choice is "expert"\n {2}use "tokens" or "experts"/],
] as const)("%j is refused", (options, message) => {
  expect(() => new MixtureOfExperts(4, options)).toThrow(ArgumentError);
  expect(() => new MixtureOfExperts(4, options)).toThrow(message);
});

test("an x of another width is refused", () => {
  const layer = new MixtureOfExperts(4, { experts: 2 });
  expect(() => layer.forward(ones([3, 5]))).toThrow(
    "MixtureOfExperts: x is [3,5] but must be [..., width], of width 4",
  );
  expect(() => layer.forward(ones([3, 5]))).toThrow(ShapeError);
});

test("routing is asked of a model with experts, after its forward pass", () => {
  expect(() => routingOf(new TransformerBlock(4, { heads: 1 }))).toThrow(/no mixture of experts/);
  expect(() => auxiliaryLoss(new MixtureOfExperts(4, { experts: 2 }))).toThrow(/has not been run/);
});
