import { readFileSync } from "node:fs";
import { cpu } from "@ansatz/backend-cpu";
import {
  add,
  ArgumentError,
  concat,
  exp,
  full,
  grad,
  key,
  log,
  logSoftmax,
  mean,
  mul,
  neg,
  normal,
  ones,
  parameter,
  ShapeError,
  softplus,
  square,
  sub,
  sum,
  tensor,
  use,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { checkGradient, expectClose } from "@ansatz/testkit";
import { beforeAll, describe, expect, test } from "vitest";
import { inBatchNegatives, ragSequence, ragToken, retrieverLogProbabilities, withNullDocument } from "./index.ts";
import { onEveryBackend } from "./testing.ts";

interface Golden {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Case {
  readonly losses: readonly number[];
  readonly mean: number;
  readonly variables: Readonly<Record<string, Golden>>;
  readonly gradients: Readonly<Record<string, Golden>>;
}
type Names = "ragSequence" | "ragToken" | "realm" | "inBatchNegatives";
const goldens = JSON.parse(
  readFileSync(new URL("../reference/goldens/losses.json", import.meta.url), "utf8"),
) as Readonly<Record<Names, Case>> & { readonly lengths: readonly number[] };

const mask = () => tensor(goldens.lengths.map((length) => Array.from({ length: 5 }, (_, i) => i < length)));
type Variables = Readonly<Record<string, Tensor>>;
const retrieval = ({ queries, documents, nullDocument }: Variables): Tensor =>
  retrieverLogProbabilities(
    queries!,
    nullDocument === undefined ? documents! : withNullDocument(documents!, nullDocument),
  );
const losses: Record<Names, (variables: Variables, reduction: "mean" | "none") => Tensor> = {
  ragSequence: (own, reduction) =>
    ragSequence(retrieval(own), neg(softplus(own["logits"]!)), { mask: mask(), reduction }),
  ragToken: (own, reduction) => ragToken(retrieval(own), neg(softplus(own["logits"]!)), { mask: mask(), reduction }),
  realm: (own, reduction) => ragSequence(retrieval(own), neg(softplus(own["logits"]!)), { mask: mask(), reduction }),
  inBatchNegatives: ({ queries, passages }) => inBatchNegatives(queries!, passages!),
};

await onEveryBackend((create) => {
  describe("plain loops in PyTorch have the same losses and gradients", () => {
    beforeAll(async () => use(await create()));

    test.each(Object.entries(losses) as [Names, (typeof losses)[Names]][])("%s", async (name, loss) => {
      const golden = goldens[name];
      const variables = Object.fromEntries(
        Object.entries(golden.variables).map(([own, { shape, data }]) => [
          own,
          tensor(Float32Array.from(data), { shape }),
        ]),
      );
      expect(await loss(variables, "mean").item()).toBeCloseTo(golden.mean, 5);
      if (name !== "inBatchNegatives") await expectClose(loss(variables, "none"), tensor(golden.losses));
      const gradients = grad(loss(variables, "mean"), variables) as Record<string, Tensor>;
      for (const [own, { data, shape }] of Object.entries(golden.gradients))
        await expectClose(gradients[own]!, tensor(Float32Array.from(data), { shape }));
    });
  });
});

describe("what is easily got wrong", () => {
  beforeAll(() => use(cpu()));
  const scores = normal(key(1), [2, 3], { dtype: "float64" });
  const logits = normal(key(2), [2, 3, 4], { dtype: "float64" });
  const tokens = neg(softplus(logits)); // ln p(y_i|x, z, y_<i)

  test("the retriever's distribution is over what was retrieved, not over the corpus", async () => {
    const queries = normal(key(3), [2, 5]);
    const corpus = normal(key(4), [2, 9, 5]);
    const retrieved = corpus.slice([null, [0, 3]]);
    const found = exp(retrieverLogProbabilities(queries, retrieved));
    await expectClose(sum(found, -1), ones([2]));
    const overCorpus = exp(retrieverLogProbabilities(queries, corpus)).slice([null, [0, 3]]);
    expect(await sum(overCorpus).item()).toBeLessThan(1.9);
    await expectClose(found, overCorpus.div(sum(overCorpus, -1, { keepDims: true })));
  });

  test("probabilities are averaged, not their logarithms", async () => {
    const retrieval = log(tensor([[0.5, 0.5]]));
    const answers = log(
      tensor([
        [
          [0.9, 0.9],
          [0.1, 0.2],
        ],
      ]),
    );
    expect(await ragSequence(retrieval, answers).item()).toBeCloseTo(-Math.log(0.5 * 0.81 + 0.5 * 0.02), 6);
    expect(await ragToken(retrieval, answers).item()).toBeCloseTo(-Math.log(0.5) - Math.log(0.55), 6);
    const ofLogarithms = -(0.5 * Math.log(0.81) + 0.5 * Math.log(0.02));
    expect(await ragSequence(retrieval, answers).item()).toBeLessThan(ofLogarithms - 0.5); // Jensen's inequality
  });

  test("for answers of one token, sequence and token are equal, with their gradients; for others not", async () => {
    const retrieval = logSoftmax(scores);
    const one = tokens.slice([null, null, [0, 1]]);
    for (const mask of [undefined, ones([2, 1], { dtype: "bool" })]) {
      const options = mask === undefined ? {} : { mask };
      const [sequence, token] = [ragSequence, ragToken].map((loss) => loss(retrieval, one, options)) as [
        Tensor,
        Tensor,
      ];
      const gradients = [sequence, token].map((loss) => grad(loss, [scores, logits])) as unknown as Tensor[][];
      await expectClose(sequence, token, 1e-12);
      for (const i of [0, 1]) await expectClose(gradients[0]![i]!, gradients[1]![i]!, 1e-12);
    }
    const padded = tensor([
      [true, false, false, false],
      [true, false, false, false],
    ]);
    await expectClose(
      ragSequence(retrieval, tokens, { mask: padded }),
      ragToken(retrieval, tokens, { mask: padded }),
      1e-12,
    );
    const [sequence, token] = [ragSequence(retrieval, tokens), ragToken(retrieval, tokens)];
    expect(Math.abs((await sequence.item()) - (await token.item()))).toBeGreaterThan(1e-2);
  });

  test("the gradient of ln p(y|x) by a score is r(z) = [p(y|z, x) / p(y|x) − 1] p(z|x)", async () => {
    const p = exp(logSoftmax(scores)); // p(z|x)
    const answers = exp(sum(tokens, -1)); // p(y|z, x)
    const marginal = sum(mul(p, answers), -1, { keepDims: true });
    const r = mul(sub(answers.div(marginal), 1), p);
    const [gradient] = grad(neg(ragSequence(logSoftmax(scores), tokens, { reduction: "sum" })), [scores]);
    await expectClose(gradient!, r, 1e-12);
    await expectClose(sum(gradient!, -1), zeros([2], { dtype: "float64" }), 1e-12);
  });
});

test("padding counts for nothing: not its values, even −∞, nor in any gradient", async () => {
  await use(cpu());
  const retrieval = tensor(await logSoftmax(normal(key(1), [2, 3])).data(), { shape: [2, 3] });
  const tokens = tensor(await neg(softplus(normal(key(2), [2, 3, 2]))).data(), { shape: [2, 3, 2] });
  const row = [true, true, false];
  const mask = tensor([row, row]);
  for (const value of [-5, -Infinity])
    for (const loss of [ragSequence, ragToken]) {
      const padded = concat([tokens, full([2, 3, 1], value)], 2);
      await expectClose(loss(retrieval, padded, { mask }), loss(retrieval, tokens));
      const found = grad(loss(retrieval, padded, { mask }), [tokens, retrieval]);
      const wanted = grad(loss(retrieval, tokens), [tokens, retrieval]);
      for (const i of [0, 1]) await expectClose(found[i]!, wanted[i]!);
    }
});

test("passages that aren't allowed have the probability 0, without a NaN in any gradient", async () => {
  await use(cpu());
  const [queries, documents] = [normal(key(1), [2, 4]), normal(key(2), [2, 3, 4])];
  const allowed = tensor([
    [true, false, true],
    [true, true, false],
  ]);
  const found = exp(retrieverLogProbabilities(queries, documents, { allowed }));
  const two = exp(retrieverLogProbabilities(queries, documents.slice([null, [0, 2]])));
  await expectClose(
    found.slice([
      [1, 2],
      [0, 2],
    ]),
    two.slice([[1, 2]]),
  );
  expect(
    await found
      .slice([
        [1, 2],
        [2, 3],
      ])
      .item(),
  ).toBe(0);
  const tokens = neg(softplus(normal(key(3), [2, 3, 2])));
  const [gradient] = grad(ragSequence(retrieverLogProbabilities(queries, documents, { allowed }), tokens), [documents]);
  await expectClose(
    gradient!.slice([
      [1, 2],
      [2, 3],
    ]),
    zeros([1, 1, 4]),
  );
  const none = retrieverLogProbabilities(queries, documents, { allowed: zeros([2, 3], { dtype: "bool" }) });
  expect([...(await none.data())].every(Number.isFinite)).toBe(true);
});

test("second gradients are right", async () => {
  await use(cpu());
  const point = (seed: number, shape: number[]) => ({
    shape,
    data: Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(seed + 1.7 * i)),
  });
  const points = [point(1, [2, 3]), point(2, [2, 3, 3]), point(3, [3]), point(4, [2, 4, 2])];
  for (const loss of [ragSequence, ragToken])
    await checkGradient(
      (queries, documents, none, logits) =>
        loss(retrieverLogProbabilities(queries!, withNullDocument(documents!, none!)), neg(softplus(logits!))),
      points,
      { order: 2 },
    );
  await checkGradient(
    (queries, own) => inBatchNegatives(queries!, square(own!)),
    [point(1, [3, 2]), point(2, [3, 2])],
    {
      order: 2,
    },
  );
});

test("the null document may be a parameter, and takes the place of the last passage", async () => {
  await use(cpu());
  const none = parameter(ones([4]));
  const documents = withNullDocument(zeros([2, 3, 4]), none);
  const [gradient] = grad(sum(retrieverLogProbabilities(ones([2, 4]), documents).slice([null, 3])), [none]);
  await expectClose(documents.slice([null, 3]), ones([2, 1, 4]));
  // d ln p(∅|x) / d ∅ = (1 − p(∅|x)) x, for both queries.
  const p = Math.exp(4) / (Math.exp(4) + 3);
  await expectClose(gradient!, mul(ones([4]), 2 * (1 - p)));
});

test("shapes that do not fit and unknown reductions are clear errors", () => {
  const [retrieval, tokens] = [zeros([2, 3]), zeros([2, 3, 4])];
  for (const loss of [ragSequence, ragToken]) {
    expect(() => loss(zeros([2, 4]), tokens)).toThrow(/retrieval: \[2,4\]\n  tokens: \[2,3,4\]/);
    expect(() => loss(retrieval, zeros([2, 3]))).toThrow(ShapeError);
    expect(() => loss(retrieval, tokens, { mask: ones([2, 3], { dtype: "bool" }) })).toThrow(/mask: \[2,3\]/);
    expect(() => loss(retrieval, tokens, { reduction: "average" as never })).toThrow(ArgumentError);
  }
  expect(() => retrieverLogProbabilities(zeros([2, 4]), zeros([2, 3, 5]))).toThrow(ShapeError);
  expect(() => retrieverLogProbabilities(zeros([2, 4]), zeros([2, 3, 4]), { allowed: zeros([3, 2]) })).toThrow(
    ShapeError,
  );
  expect(() => withNullDocument(zeros([2, 3, 4]), zeros([5]))).toThrow(ShapeError);
  expect(() => inBatchNegatives(zeros([2, 3]), zeros([3, 3]))).toThrow(ShapeError);
});

test("training with the losses moves the retriever to the passage that helps", async () => {
  await use(cpu());
  let queries = zeros([1, 2]);
  const documents = tensor([
    [
      [1, 0],
      [0, 1],
    ],
  ]);
  const tokens = log(tensor([[[0.1], [0.9]]]));
  for (let step = 0; step < 30; step++) {
    const [gradient] = grad(ragToken(retrieverLogProbabilities(queries, documents), tokens), [queries]);
    queries = tensor(await add(queries, mul(gradient!, -1)).data(), { shape: [1, 2] });
  }
  expect(
    await exp(retrieverLogProbabilities(queries, documents))
      .slice([null, [1, 2]])
      .item(),
  ).toBeGreaterThan(0.9);
  expect(await mean(queries).item()).toBeCloseTo(0, 5);
});
