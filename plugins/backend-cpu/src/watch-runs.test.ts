import {
  add,
  bernoulli,
  compile,
  grad,
  matmul,
  mul,
  Optimizer,
  parameter,
  RandomStream,
  realize,
  sum,
  tensor,
  use,
  sub,
  type Tensor,
} from "@ansatz/core";
import { updateRule, watchRuns, type PendingRun } from "@ansatz/core/plugin";
import { beforeAll, expect, test } from "vitest";
import { cpu } from "./index.ts";

beforeAll(() => use(cpu()));

const descent = updateRule({
  name: "descent",
  spec: 1,
  hyper: {},
  state: () => ({}),
  update: ({ θ, g, learningRate: η }) => ({ θ: sub(θ, mul(η, g)) }),
});

/** Runs a step that draws and updates, and returns everything that a watcher saw of it. */
function training() {
  const weight = parameter(
    tensor([
      [1, 2],
      [3, 4],
    ]),
  );
  const optimizer = new Optimizer([weight], descent, { learningRate: 0.1 });
  const random = new RandomStream(3);
  const step = (x: Tensor) => {
    const kept = bernoulli(random.next(), 0.5, [2, 2]);
    const loss = sum(mul(matmul(x, weight), kept));
    optimizer.update(grad(loss, [weight]));
    return loss;
  };
  return { weight, step };
}

test.each(["plain", "compiled"])(
  "a watcher sees a %s step before it happens, and its values are those of the step",
  async (kind) => {
    const { weight, step } = training();
    const compiled = compile(step);
    const seen: { loss: number; twice: number; before: number[]; next: number[] }[] = [];
    const end = watchRuns(async ({ outputs, updates, evaluate }: PendingRun) => {
      if (updates.length === 0) return;
      const [loss, twice, next] = await evaluate([outputs[0]!, add(outputs[0]!, outputs[0]!), updates[0]!.value]);
      const [before] = await evaluate([
        updates[0]!.value.node.inputs[0]!.node.inputs.find(({ node }) => node.source?.kind === "cell")!,
      ]);
      seen.push({ loss: loss![0]!, twice: twice![0]!, before: [...before!], next: [...next!] });
    });
    const x = tensor([
      [1, 1],
      [1, 0],
    ]);
    for (let i = 0; i < 3; i++) {
      const before = [...(await weight.data())];
      let loss: Tensor;
      if (kind === "plain") await realize((loss = step(x)));
      else loss = await compiled(x);
      expect(seen[i]).toEqual({
        loss: await loss.item(),
        twice: 2 * (await loss.item()),
        before,
        next: [...(await weight.data())],
      });
      expect(seen[i]!.next).not.toEqual(before);
    }
    end();
    await realize(step(x));
    expect(seen).toHaveLength(3);
  },
);

test("an error of a watcher ends the run before anything has changed", async () => {
  const { weight, step } = training();
  const end = watchRuns(async () => {
    throw new Error("stop here");
  });
  await expect(
    realize(
      step(
        tensor([
          [1, 1],
          [1, 0],
        ]),
      ),
    ),
  ).rejects.toThrow("stop here");
  end();
  expect([...(await weight.data())]).toEqual([1, 2, 3, 4]);
});
