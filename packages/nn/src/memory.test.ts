import { ArgumentError, grad, mul, sum, tensor, use, type Tensor } from "@ansatz/core";
import { traceGraph } from "@ansatz/core/plugin";
import { beforeAll, describe, expect, test } from "vitest";
import { backends } from "./golden-suite.ts";
import { BatchNorm, checkpointed, FeedForward, l1Penalty, l2Penalty, LSTM, TransformerBlock } from "./index.ts";

describe.each(backends)("checkpointed on %s", (_name, backend) => {
  beforeAll(async () => use(await backend()));

  test("loss and gradients stay as they are, dropout included", async () => {
    const x = tensor(
      Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
      { shape: [1, 3, 8] },
    );
    const run = async (block: TransformerBlock): Promise<number[]> => {
      const loss = sum(mul(block.forward(x, { causal: false }), x));
      const gradients = grad(loss, block.parameters());
      return (await Promise.all([loss, ...gradients].map((value) => value.data()))).flatMap((data) => [...data]);
    };
    const make = () => new TransformerBlock(8, { heads: 2, dropout: 0.5, random: 3 });
    const [plain, again] = [await run(make()), await run(checkpointed(make()))];
    for (const [i, value] of plain.entries()) expect(again[i]).toBeCloseTo(value, 4);
    expect([...checkpointed(make()).namedParameters().keys()]).toEqual([...make().namedParameters().keys()]);
  });

  test("intermediate results are computed again in the backward pass", async () => {
    const chosen = await use(await backend());
    const activations = (model: FeedForward): number => {
      const step = (x: Tensor) => {
        const loss = sum(model.forward(x));
        return [loss, ...grad(loss, model.parameters())];
      };
      return traceGraph(step, [{ shape: [5, 4], dtype: "float32" }], chosen).graph.nodes.filter(
        ({ op }) => op === "tanh",
      ).length;
    };
    const make = () => new FeedForward(4, { activation: (x) => x.tanh() });
    expect(activations(make())).toBe(1);
    expect(activations(checkpointed(make()))).toBe(2);
  });
});

test("modules that cannot be computed twice are refused", () => {
  expect(() => checkpointed(new BatchNorm(2))).toThrow(/has running statistics \(runningMean, runningVariance\)/);
  expect(() => checkpointed(new LSTM(2, 2) as never as FeedForward).forward(tensor([[[1, 2]]]))).toThrow(ArgumentError);
});

test("penalties are sums of squares and of absolute values, and need weights", async () => {
  const weights = [tensor([3, -4]), tensor([[1]])];
  expect(await l2Penalty(weights).item()).toBe(26);
  expect(await l1Penalty(weights).item()).toBe(8);
  expect([...(await grad(l2Penalty(weights), weights[0]!).data())]).toEqual([6, -8]);
  expect([...(await grad(l1Penalty(weights), weights[0]!).data())]).toEqual([1, -1]);
  expect(() => l2Penalty([])).toThrow(ArgumentError);
});
