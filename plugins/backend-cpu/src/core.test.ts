import { inspect } from "node:util";
import {
  add,
  attentionWeights,
  buffer,
  checkpoint,
  compile,
  customGradient,
  discardPending,
  DisposedError,
  einsum,
  elu,
  exp,
  grad,
  hvp,
  input,
  jvp,
  key,
  layerNorm,
  matmul,
  max,
  maximum,
  min,
  memory,
  mul,
  normal,
  ones,
  parameter,
  prod,
  RandomStream,
  rearrange,
  realize,
  scan,
  sigmoid,
  softmax,
  softplus,
  split,
  square,
  stopGradient,
  sub,
  sum,
  tanh,
  tensor,
  uniform,
  use,
  vjp,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { barrier, disposeReplaced, sizeOf, traceGraph } from "@ansatz/core/plugin";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { cpu } from "./index.ts";

beforeAll(async () => {
  await use(cpu());
});

const float64 = { dtype: "float64" } as const;
const values = async (x: Tensor) => [...(await x.data())];

describe("a scan over checkpointed segments", () => {
  const [x, W] = [normal(key(1), [4, 8, 2, 3]), normal(key(2), [3, 3])];
  const inner = (state: Tensor, stretch: Tensor): Tensor =>
    scan((h, row) => [tanh(matmul(add(h, row), W)), []], state, stretch)[0];
  const loss = (through: (...inputs: Tensor[]) => Tensor): Tensor =>
    sum(square(scan((state, stretch) => [through(state, stretch), []], zeros([2, 3]), x)[0]));

  test("has the same gradients as one that keeps everything", async () => {
    const [kept, again] = [
      await values(grad(loss(inner as (...inputs: Tensor[]) => Tensor), W)),
      await values(grad(loss(checkpoint(inner as (...inputs: Tensor[]) => Tensor)), W)),
    ];
    for (const [i, value] of kept.entries()) expect(again[i]).toBeCloseTo(value, 4);
  });

  test("keeps only the states between segments and the sum of a weight's gradient", () => {
    const largest = (through: (...inputs: Tensor[]) => Tensor): number => {
      const { graph } = traceGraph(() => grad(loss(through), W), [], cpu());
      return Math.max(
        ...graph.nodes.flatMap(({ op, parts = [] }) => (op === "scan" ? parts.map(({ shape }) => sizeOf(shape)) : [])),
      );
    };
    expect(largest(checkpoint(inner as (...inputs: Tensor[]) => Tensor))).toBe(4 * 2 * 3); // four states
    expect(largest(inner as (...inputs: Tensor[]) => Tensor)).toBe(4 * 8 * 2 * 3);
  });
});

test("a realised draw is kept: its numbers stay on the backend if they are used again", async () => {
  const noise = normal(key(1), [64, 64]);
  const used = async () => sum(noise).item();
  const count = () => memory().buffers;
  const before = count();
  await used();
  await used();
  expect(count()).toBe(before); // drawn again for each of them
  await realize(noise);
  await used();
  await used();
  expect(count()).toBe(before + 1);
  expect(await values(noise)).toEqual(await values(normal(key(1), [64, 64])));
});

describe("gradients", () => {
  test("of softplus and elu at 0, where they are smooth", async () => {
    const x = tensor([0]);
    expect([...(await grad(sum(softplus(x)), x).data())]).toEqual([0.5]);
    expect([...(await grad(sum(elu(x)), x).data())]).toEqual([1]);
  });

  test("ties in max share the gradient", async () => {
    const x = tensor([1, 3, 3]);
    expect(await values(grad(max(x), x))).toEqual([0, 0.5, 0.5]);
    expect(await values(grad(sum(maximum(x, 3)), x))).toEqual([0, 0.5, 0.5]);
  });

  test("a gradient of a gradient of softmax agrees with the closed form", async () => {
    // For s = softmax(x)₀ and two classes: s″ = s (1 − s) (1 − 2s).
    const x = tensor([0.3, -0.4], float64);
    const first = grad(
      softmax(x)
        .slice([[0, 1]])
        .sum(),
      x,
    )
      .slice([[0, 1]])
      .sum();
    const second = grad(first, x)
      .slice([[0, 1]])
      .sum();
    const s = 1 / (1 + Math.exp(-0.7));
    expect(await second.item()).toBeCloseTo(s * (1 - s) * (1 - 2 * s), 12);
  });

  test("an integer target, a vector loss and an unused target are errors that say how to fix them", () => {
    const x = tensor([1, 2]);
    expect(() => grad(x, x)).toThrow(/loss is \[2\].*reduce it first/s);
    expect(() => grad(sum(x), tensor([1]))).toThrow(/does not depend on target 0/);
    expect(() => grad(sum(x), tensor([1], { dtype: "int32" }))).toThrow(/carries no gradient/);
  });

  test("a realised loss is distinguished from one that does not depend on its target", async () => {
    const x = tensor([1, 2]);
    const loss = sum(square(x));
    await realize(loss);
    expect(() => grad(loss, x)).toThrow(/realised before/);
  });

  test("constant paths give zeros, and stopGradient stops", async () => {
    const x = tensor([1.5, 2.5]);
    expect(await values(grad(sum(x.sign()), x))).toEqual([0, 0]);
    expect(await values(grad(sum(mul(stopGradient(x), x)), x))).toEqual([1.5, 2.5]);
  });

  test("jvp, vjp and hvp agree with closed forms", async () => {
    const x = tensor([1, 2, 3], float64);
    const y = mul(square(x), x);
    const v = tensor([1, 0, -1], float64);
    expect(await values(jvp(y, x, v))).toEqual([3, 0, -27]);
    expect(await values(vjp(y, x, v))).toEqual([3, 0, -27]);
    expect(await values(hvp(sum(y), x, v))).toEqual([6, 0, -18]);
  });

  test("an expression that is simplified away still has its gradient", async () => {
    const w = tensor([2, 3]);
    const [one, nil] = [ones([2]), zeros([])];
    expect(await values(grad(sum(mul(one, w)), one))).toEqual([2, 3]);
    expect(await grad(sum(add(w, nil)), nil).item()).toBe(2);
    const middle = w.reshape([2, 1]);
    expect(await values(grad(sum(square(middle.reshape([1, 2]))), middle))).toEqual([4, 6]);
    const swapped = tensor([
      [1, 2],
      [3, 4],
    ]).transpose();
    const product = sum(square(matmul(swapped, swapped)));
    const direction = ones([2, 2]);
    const exact = await values(hvp(product, swapped, direction));
    const leaf = tensor([
      [1, 3],
      [2, 4],
    ]);
    expect(exact).toEqual(await values(hvp(sum(square(matmul(leaf, leaf))), leaf, direction)));
  });

  test.each([
    ["too few", (g: Tensor, w: Tensor) => [mul(g, w)], /2 inputs, but the rule returns 1 gradients/],
    [
      "one of another shape",
      (g: Tensor, w: Tensor) => [mul(g, w), sum(g)],
      /input 1 is \[3\], but its gradient is \[\]/,
    ],
  ])("a custom gradient that returns %s is refused", (_name, rule, message) => {
    const product = customGradient({ forward: (a, w) => mul(a!, w!), gradient: (g, [, w]) => rule(g, w!) });
    const [a, w] = [tensor([1, 2, 3]), tensor([4, 5, 6])];
    expect(() => grad(sum(product(a, w)), [a, w])).toThrow(message);
  });

  test("customGradient replaces the chain rule", async () => {
    const straightThrough = customGradient({ forward: (x) => x.sign(), gradient: (g) => [g] });
    const x = tensor([-2, 3]);
    expect(await values(grad(sum(mul(straightThrough(x), 5)), x))).toEqual([5, 5]);
  });

  test("a gradient of a custom gradient goes through the result by the same rule", async () => {
    const signs = customGradient({ forward: (x) => x.sign(), gradient: (g, _inputs, y) => [mul(mul(g, y), 3)] });
    const x = tensor([-2, 3]);
    const first = grad(sum(signs(x)), x); // 3 y
    const second = grad(sum(first), x);
    expect(await values(first)).toEqual([-3, 3]);
    expect(await values(second)).toEqual([-9, 9]); // 3 · 3 y; through `sign` itself it would be 0
  });

  test("layer normalisation's second gradient agrees with finite differences", async () => {
    const at = tensor([0.2, -0.7, 1.1], float64);
    const weight = ones([3], float64);
    const bias = zeros([3], float64);
    const first = (x: Tensor) =>
      grad(sum(mul(exp(layerNorm(x, weight, bias)), tensor([1, 2, 3], float64))), x)
        .slice([[0, 1]])
        .sum();
    const exact = await values(grad(first(at), at));
    for (const [i, expected] of exact.entries()) {
      const bump = tensor(
        [0, 1, 2].map((j) => (i === j ? 1e-5 : 0)),
        float64,
      );
      const difference = ((await first(add(at, bump)).item()) - (await first(sub(at, bump)).item())) / 2e-5;
      expect(difference).toBeCloseTo(expected, 6);
    }
  });
});

describe("scan", () => {
  const weight = normal(key(1), [3, 3], float64);
  const inputs = normal(key(2), [6, 2, 3], float64);
  const start = normal(key(3), [2, 3], float64);
  const cell = (h: Tensor, x: Tensor, w: Tensor) => tanh(add(matmul(h, w), mul(x, sigmoid(h))));

  function looped(w: Tensor, reverse: boolean): Tensor {
    const [last, all] = scan((h, x) => [cell(h, x, w), cell(h, x, w)], start, inputs, { reverse });
    return add(sum(square(last)), sum(mul(all, exp(all))));
  }

  function unrolled(w: Tensor, reverse: boolean): Tensor {
    const steps = Array.from({ length: 6 }, (_, t) => (reverse ? 5 - t : t));
    let h = start;
    let total: Tensor = tensor(0, float64);
    for (const t of steps) {
      h = cell(h, inputs.slice([[t, t + 1]]).squeeze(0), w);
      total = add(total, sum(mul(h, exp(h))));
    }
    return add(total, sum(square(h)));
  }

  test.each([false, true])(
    "value, gradient and Hessian-vector product equal the unrolled loop's (reverse: %s)",
    async (reverse) => {
      expect(await looped(weight, reverse).item()).toBeCloseTo(await unrolled(weight, reverse).item(), 10);
      for (const target of [weight, inputs, start]) {
        const a = await values(grad(looped(weight, reverse), target));
        const b = await values(grad(unrolled(weight, reverse), target));
        for (const [i, x] of a.entries()) expect(x).toBeCloseTo(b[i]!, 9);
      }
      const v = normal(key(4), [3, 3], float64);
      const a = await values(hvp(looped(weight, reverse), weight, v));
      const b = await values(hvp(unrolled(weight, reverse), weight, v));
      for (const [i, x] of a.entries()) expect(x).toBeCloseTo(b[i]!, 8);
    },
  );

  /** The ops of the body of a gradient's backward loop, and what the loop puts out. */
  function backwardLoop(step: (h: Tensor, x: Tensor, w: Tensor) => Tensor, w: Tensor, h: Tensor, xs: Tensor) {
    const loss = sum(scan((carry, x) => [step(carry, x, w), []], h, xs)[0]);
    const loops = traceGraph(() => grad(loss, [w, xs]), [], cpu()).graph.nodes.filter(({ op }) => op === "scan");
    const { body, parts } = loops.at(-1)!;
    return { loops: loops.length, ops: body!.nodes.map(({ op }) => op), shapes: parts!.map(({ shape }) => shape) };
  }

  test("the gradient keeps exponentials, parts of products and biased products, and computes the rest again", () => {
    const [h, wide] = [zeros([2, 3]), normal(key(5), [3, 6])];
    const gated = backwardLoop(
      (carry, x, w) => {
        const [gate, value] = split(add(matmul(carry, w), x), 2) as [Tensor, Tensor];
        return mul(sigmoid(gate), mul(tanh(value), mul(value, 2)));
      },
      wide,
      h,
      zeros([4, 2, 6]),
    );
    expect(gated.loops).toBe(2);
    for (const op of ["sigmoid", "tanh", "slice"]) expect(gated.ops).not.toContain(op);
    expect(gated.ops.filter((op) => op === "matmul")).toHaveLength(1);
    const scaled = backwardLoop(
      (carry, x, w) => mul(add(matmul(carry, w), 1), x),
      normal(key(6), [3, 3]),
      h,
      zeros([4, 2, 3]),
    );
    expect(scaled.ops.filter((op) => op !== "leaf").toSorted()).toEqual(["matmul", "mul", "mul"]);
  });

  test("the gradient of batched weights is one product after the loop", async () => {
    const [w, h] = [normal(key(5), [2, 3, 3], float64), normal(key(6), [2, 4, 3], float64)];
    const xs = normal(key(7), [5, 2, 4, 3], float64);
    const step = (carry: Tensor, x: Tensor, weights: Tensor) => tanh(add(matmul(carry, weights), x));
    expect(backwardLoop(step, w, h, xs).shapes).not.toContainEqual([2, 3, 3]);
    const looped = sum(scan((carry, x) => [step(carry, x, w), []], h, xs)[0]);
    let last: Tensor = h;
    for (let t = 0; t < 5; t++) last = step(last, xs.slice([[t, t + 1]]).squeeze(0), w);
    const [found, expected] = [await values(grad(looped, w)), await values(grad(sum(last), w))];
    for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 10);
  });

  test("draws inside the loop differ from step to step", async () => {
    const random = new RandomStream(1);
    const [, drawn] = scan((h) => [h, uniform(random.next(), [2])], tensor(0), [], { length: 3 });
    expect(new Set(await values(drawn)).size).toBe(6);
  });

  test("a scan of no steps returns its start, and a carry that changes shape is an error", async () => {
    const [last, all] = scan((h, x) => [add(h, x), h], tensor(7), zeros([0]));
    expect(await last.item()).toBe(7);
    expect(all.shape).toEqual([0]);
    expect(() => scan((h, x) => [add(h, x), h], tensor(0), zeros([2, 3]))).toThrow(
      /carry 0 enters a step as \[\].*leaves it as \[3\]/,
    );
  });

  test("20,000 operations in a row and 5,000 steps do not overflow the stack", async () => {
    let x: Tensor = tensor(0, float64);
    for (let i = 0; i < 20_000; i++) x = add(x, i % 2);
    expect(await x.item()).toBe(10_000);
    const [last] = scan((h, y) => [add(h, y), []], tensor(0, float64), ones([5_000], float64));
    expect(await last.item()).toBe(5_000);
  });
});

describe("checkpoint", () => {
  test("loss and gradients have the same bits, and the recomputation stays in the graph", async () => {
    const x = normal(key(1), [4, 4]);
    const [v, w] = [normal(key(2), [4, 4]), normal(key(3), [4, 4])];
    const block = (weight: Tensor) => (h: Tensor) => add(h, tanh(matmul(tanh(h), weight)));
    const plain = sum(square(block(w)(block(v)(x))));
    const saved = sum(square(checkpoint(block(w))(checkpoint(block(v))(x))));
    for (const target of [x, v, w])
      expect(await values(grad(saved, target))).toEqual(await values(grad(plain, target)));
    expect(await saved.item()).toBe(await plain.item());
  });
});

test("a barrier keeps apart what would be computed once, and its gradient is that of its tensor", async () => {
  const x = tensor([1, 2]);
  const twice = (after: Tensor | undefined) => (y: Tensor) =>
    add(exp(y), exp(after === undefined ? y : barrier(y, after)));
  const counts = [undefined, sum(x)].map((after) => {
    const { graph } = traceGraph(twice(after), [{ shape: [2], dtype: "float32" }], cpu());
    return graph.nodes.filter(({ op }) => op === "exp").length;
  });
  expect(counts).toEqual([1, 2]);
  const slope = await values(grad(sum(twice(sum(x))(x)), x));
  expect(slope).toEqual(await values(mul(exp(x), 2)));
});

describe("gradients of slices of one tensor are joined, not added to zeros:", () => {
  const opsOf = (step: (x: Tensor) => unknown) => {
    const { graph } = traceGraph(step as (x: Tensor) => Tensor, [{ shape: [2, 6], dtype: "float32" }], cpu());
    return graph.nodes.map(({ op }) => op);
  };
  const x = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], { shape: [2, 6] });

  test("all parts of a split, in any order", async () => {
    const loss = (x: Tensor) => {
      const [a, b, c] = split(x, [1, 2, 3]) as [Tensor, Tensor, Tensor];
      return sum(square(b))
        .add(sum(mul(a, 2)))
        .add(sum(mul(c, c)));
    };
    const ops = opsOf((x) => grad(loss(x), x));
    expect(ops.filter((op) => op === "concat")).toHaveLength(1);
    expect(ops).not.toContain("pad");
    expect(await values(grad(loss(x), x))).toEqual([2, 4, 6, 8, 10, 12, 2, 16, 18, 20, 22, 24]);
  });

  test("parts with a gap, with an overlap, along two axes, and beside other uses", async () => {
    const gap = (x: Tensor) =>
      sum(x.slice([null, [0, 2]]))
        .add(sum(mul(x.slice([null, [2, 3]]), 3)))
        .add(sum(x.slice([null, 5])));
    expect(opsOf((x) => grad(gap(x), x)).filter((op) => op === "pad")).toHaveLength(2);
    expect(await values(grad(gap(x), x))).toEqual([1, 1, 3, 0, 0, 1, 1, 1, 3, 0, 0, 1]);
    const overlap = (x: Tensor) => sum(x.slice([null, [0, 4]])).add(sum(x.slice([null, [2, 6]])));
    expect(await values(grad(overlap(x), x))).toEqual([1, 1, 2, 2, 1, 1, 1, 1, 2, 2, 1, 1]);
    const both = (x: Tensor) => sum(x.slice([[0, 1]])).add(sum(x.slice([null, [3, 6]])));
    expect(await values(grad(both(x), x))).toEqual([1, 1, 1, 2, 2, 2, 0, 0, 0, 1, 1, 1]);
    const whole = (x: Tensor) =>
      sum(x.slice([[0, 1]]))
        .add(sum(x.slice([[1, 2]])))
        .add(sum(square(x)));
    expect(await values(grad(whole(x), x))).toEqual([...(await x.data())].map((value) => 1 + 2 * value));
  });
});

test("a sum of single numbers is a reshape, and so is its gradient", async () => {
  const x = tensor([[[1], [2]]]); // [1, 2, 1]
  for (const reduce of [sum, max, min, prod]) expect(reduce(x, [0, 2]).node.op.name).toBe("reshape");
  expect(sum(x, 0, { keepDims: true })).toBe(x);
  expect(await values(sum(x, [0, 2]))).toEqual([1, 2]);
  expect(await values(grad(sum(mul(sum(x, [0, 2]), tensor([3, 4]))), x))).toEqual([3, 4]);
});

test("the weights of attention", async () => {
  const [query, keys] = [
    tensor([[1, 0]]),
    tensor([
      [Math.log(3), 5],
      [0, 7],
    ]),
  ] as const;
  const weights = await values(attentionWeights(query, keys, { scale: 1 }));
  expect(weights[0]).toBeCloseTo(0.75, 6);
  expect(weights[1]).toBeCloseTo(0.25, 6);
  const masked = attentionWeights(query, keys, { mask: tensor([[false, true]]) });
  expect(await values(masked)).toEqual([0, 1]);
});

describe("cells", () => {
  test("an assignment is pending until something is realised, and reads see it at once", async () => {
    const cell = buffer(tensor([1, 2]));
    cell.assign(add(cell.read(), 1));
    expect(await values(add(cell, 10))).toEqual([12, 13]);
    expect(await values(cell.read())).toEqual([2, 3]);
  });

  test("a tensor that was recorded on an overwritten value is stale", async () => {
    const cell = buffer(tensor([1, 2]));
    const before = add(cell, 1);
    cell.assign(tensor([5, 5]).mul(1.5));
    await realize();
    await expect(before.data()).rejects.toThrow(/before it was updated/);
  });

  test("an error in the middle of a step leaves every cell as it was", async () => {
    const cell = buffer(tensor([1, 2]));
    cell.assign(add(cell.read(), 1));
    discardPending();
    expect(await values(cell.read())).toEqual([1, 2]);
    expect(() => cell.assign(tensor([1]))).toThrow(/is \[2\] but its next value is \[1\]/);
  });

  test("the replaced state of a loop is freed, and what the next state still holds is not", async () => {
    const step = compile((count: Tensor, constant: Tensor) => [add(count, constant), constant] as const);
    const first = await step(tensor([1]), tensor([10]));
    const second = await step(...first);
    disposeReplaced(first, second);
    expect(await values(second[0])).toEqual([21]);
    expect(await values(second[1])).toEqual([10]);
    await expect(first[0].data()).rejects.toThrow(DisposedError);
  });

  test("a parameter that a program has read is only on the backend, and can still be read", async () => {
    const alone: (boolean | undefined)[] = [];
    const backend = cpu();
    const { upload } = backend;
    await use({
      ...backend,
      upload: (data, shape, dtype, sole) => {
        alone.push(sole);
        return upload(data, shape, dtype);
      },
    });
    const [weight, batch] = [parameter(tensor([1, 2])), tensor([3, 4])];
    expect(inspect(weight)).toContain("[ 1, 2 ]");
    expect(await mul(weight, batch).data()).toEqual(Float32Array.of(3, 8));
    expect(alone).toEqual([true, false]);
    expect(inspect(weight)).toContain("on cpu");
    expect(inspect(batch)).toContain("[ 3, 4 ]");
    expect(await weight.data()).toEqual(Float32Array.of(1, 2));
    await use(cpu());
  });

  test("a disposed tensor says so", async () => {
    const x = tensor([1, 2]);
    x.dispose();
    await expect(add(x, 1).data()).rejects.toThrow(/was disposed/);
  });
});

describe("programs", () => {
  test("values that change do not recompile; a number that changes does, with one warning", async () => {
    const warnings = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const x = tensor([1, 2, 3]);
    const before = memory().compilations;
    for (let i = 0; i < 20; i++) await realize(mul(x, input(i)).add(tensor([i, i, i])));
    expect(memory().compilations - before).toBe(1);
    expect(warnings).not.toHaveBeenCalled();
    for (let i = 0; i < 20; i++) await realize(mul(x, i + 0.5).sub(1));
    expect(warnings).toHaveBeenCalledTimes(1);
    expect(warnings.mock.calls[0]![0]).toMatch(/plain number changes.*input\(/);
    warnings.mockRestore();
  });

  test("compile traces once for each signature and executes assignments at each call", async () => {
    const weight = parameter(tensor([1, 2]));
    let traces = 0;
    let factor = 1;
    const random = new RandomStream(5);
    const step = compile((x: Tensor) => {
      traces++;
      weight.assign(add(weight.read(), x));
      return {
        sum: sum(
          mul(
            weight,
            input(() => factor),
          ),
        ),
        draw: uniform(random.next(), []),
      };
    });
    const first = await step(tensor([1, 1]));
    factor = 10;
    const second = await step(tensor([1, 1]));
    expect([await first.sum.item(), await second.sum.item()]).toEqual([5, 70]);
    expect(await values(weight.read())).toEqual([3, 4]);
    expect(await first.draw.item()).not.toBe(await second.draw.item());
    await step(tensor([2]));
    expect(traces).toBe(2);
  });

  test("the same stream gives the same draws, compiled or not", async () => {
    const a = new RandomStream(9);
    const b = new RandomStream(9);
    const compiled = compile(() => uniform(b.next(), [3]));
    for (let i = 0; i < 3; i++) expect(await values(uniform(a.next(), [3]))).toEqual(await values(await compiled()));
  });
});

test("einsum and rearrange", async () => {
  const a = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(await einsum("i j, k j -> i k", a, a).array()).toEqual([
    [5, 11],
    [11, 25],
  ]);
  expect(await einsum("ii->i", a).array()).toEqual([1, 4]);
  expect(await einsum("ij->", a).item()).toBe(10);
  expect(await rearrange(tensor([1, 2, 3, 4, 5, 6]), "(a b) -> b a", { a: 2 }).array()).toEqual([
    [1, 4],
    [2, 5],
    [3, 6],
  ]);
  expect(() => einsum("ij,jk->ik", a, tensor([[1, 2, 3]]))).toThrow(/"j" is 2 and 1/);
});

test("errors say what is wrong, where, and how to fix it", () => {
  expect(() => matmul(zeros([2, 3]), zeros([4, 1]))).toThrow(
    'matmul: "k" is 3 in a but 4 in b\n  a: [2,3]  (... m k)\n  b: [4,1]  (... k n)',
  );
  expect(() => add(zeros([2]), zeros([3]))).toThrow(/axis -1 is 2 in a but 3 in b/);
  expect(() => sum(zeros([2]), 3)).toThrow(/axis 3 does not exist/);
  expect(() => zeros([2]).reshape([3])).toThrow(/2 elements do not fill \[3\]/);
});

test("a loop over a compiled step lets timers run, so Ctrl-C works", async () => {
  const double = compile((x: Tensor) => mul(x, 2));
  const x = tensor([1]);
  let ran = false;
  setTimeout(() => (ran = true), 0);
  for (let i = 0; i < 1_000_000 && !ran; i++) await double(x);
  expect(ran).toBe(true);
});
