import { cpu } from "@ansatz/backend-cpu";
import {
  compile,
  grad,
  hvp,
  matmul,
  mean,
  mul,
  normal,
  key,
  oneHot,
  parameter,
  RandomStream,
  ShapeError,
  softmax,
  softmaxCrossEntropy,
  square,
  sum,
  tanh,
  tensor,
  use,
  zeros,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { beforeAll, describe, expect, test } from "vitest";
import { gaussNewtonDiagonal, hutchinsonDiagonal } from "./index.ts";

beforeAll(() => use(cpu()));

/** The mean of many draws of an estimate, for each parameter; and its standard error. */
async function average(
  draw: () => Tensor[],
  count: number,
): Promise<{ means: Float64Array[]; errors: Float64Array[] }> {
  const one = compile(draw);
  const sums: Float64Array[] = [];
  const squares: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    for (const [j, estimate] of (await one()).entries()) {
      const data = await estimate.data();
      sums[j] ??= new Float64Array(data.length);
      squares[j] ??= new Float64Array(data.length);
      data.forEach((value: number, k: number) => {
        sums[j]![k]! += value;
        squares[j]![k]! += value * value;
      });
    }
  }
  const means = sums.map((total) => total.map((value) => value / count));
  const errors = squares.map((total, j) =>
    total.map((value, k) => Math.sqrt(Math.max(0, value / count - means[j]![k]! ** 2) / count)),
  );
  return { means, errors };
}

/** Within four standard errors, which is to say: right, and measured finely enough to tell a wrong one. */
function expectUnbiased(
  { means, errors }: Awaited<ReturnType<typeof average>>,
  exact: readonly ArrayLike<number>[],
  fineness: number,
): void {
  for (const [j, values] of exact.entries()) {
    const size = Math.max(...Array.from(values, Math.abs));
    for (const [k, value] of Array.from(values).entries()) {
      expect(errors[j]![k]!, "the error is small enough to tell").toBeLessThan(fineness * size);
      expect(
        Math.abs(means[j]![k]! - value),
        `parameter ${j}, element ${k}: ${means[j]![k]!}, not ${value}`,
      ).toBeLessThan(4 * errors[j]![k]! + 1e-5 * size);
    }
  }
}

const inputs = normal(key(4), [6, 2]);
const labels = tensor([0, 1, 2, 0, 1, 2], { dtype: "int32" });

describe("the Gauss–Newton diagonal", () => {
  const weight = parameter(normal(key(1), [2, 3], { std: 0.5 }));
  const scores = (): Tensor => matmul(inputs, weight);

  /** For softmax regression: (1/B) Σᵢ xᵢⱼ² pᵢc (1 − pᵢc). */
  async function exact(): Promise<number[]> {
    const [x, p] = [await inputs.data(), await softmax(scores()).data()];
    return Array.from({ length: 6 }, (_, at) => {
      const [j, c] = [Math.floor(at / 3), at % 3];
      return (
        Array.from({ length: 6 }, (_row, i) => x[2 * i + j]! ** 2 * p[3 * i + c]! * (1 - p[3 * i + c]!)).reduce(
          (a, b) => a + b,
        ) / 6
      );
    });
  }

  test("of softmax regression is estimated without bias; the factor B is needed", async () => {
    const random = new RandomStream(7);
    const found = await average(() => gaussNewtonDiagonal(scores(), [weight], { random }), 4000);
    expectUnbiased(found, [await exact()], 0.05);
  });

  test("is not the squared gradient of the true labels", async () => {
    const random = new RandomStream(8);
    const { means } = await average(() => gaussNewtonDiagonal(scores(), [weight], { random }), 1000);
    const squared = await mul(6, square(grad(mean(softmaxCrossEntropy(scores(), labels)), weight))).data();
    expect(Math.max(...Array.from(squared, (value: number, k) => Math.abs(value / means[0]![k]! - 1)))).toBeGreaterThan(
      0.5,
    );
  });

  test("of a two-layer network agrees with Jᵀ (diag p − p pᵀ) J, written out by second products", async () => {
    const [first, second] = [parameter(normal(key(2), [2, 3])), parameter(normal(key(3), [3, 3]))];
    const network = (): Tensor => matmul(tanh(matmul(inputs, first)), second);
    const random = new RandomStream(9);
    const found = await average(() => gaussNewtonDiagonal(network(), [first, second], { random }), 4000);
    // Σᵢ Σc pᵢc (∂zᵢc/∂θ − Σₖ pᵢₖ ∂zᵢₖ/∂θ)² / B, a gradient for each row and class.
    const probabilities = await softmax(network()).data();
    const exact = [first, second].map((own) => new Float64Array(own.shape[0]! * own.shape[1]!));
    for (let row = 0; row < 6; row++) {
      const rows: number[][][] = [];
      for (let c = 0; c < 3; c++) {
        const chosen = mul(
          oneHot(tensor([row], { dtype: "int32" }), 6).reshape([6, 1]),
          oneHot(tensor([c], { dtype: "int32" }), 3),
        );
        const slopes = grad(sum(mul(network(), chosen)), [first, second]);
        rows.push(await Promise.all(slopes.map(async (slope) => [...(await slope.data())])));
      }
      const p = (c: number): number => probabilities[3 * row + c]!;
      exact.forEach((total, j) =>
        total.forEach((_, k) => {
          const centre = [0, 1, 2].reduce((sumOf, c) => sumOf + p(c) * rows[c]![j]![k]!, 0);
          total[k]! += [0, 1, 2].reduce((sumOf, c) => sumOf + p(c) * (rows[c]![j]![k]! - centre) ** 2, 0) / 6;
        }),
      );
    }
    expectUnbiased(found, exact, 0.1);
  });

  test("each call draws new labels", async () => {
    const random = new RandomStream(1);
    const draw = async () => (await gaussNewtonDiagonal(scores(), [weight], { random })[0]!.data()).join();
    expect(await draw()).not.toBe(await draw());
  });

  test("labels are sampled from the model: if it is certain, there is no curvature", async () => {
    const certain = parameter(
      tensor([
        [100, 0, -100],
        [0, 0, 0],
      ]),
    );
    const x = tensor([
      [1, 0],
      [2, 0],
    ]);
    const [found] = gaussNewtonDiagonal(matmul(x, certain), [certain], { random: new RandomStream(0) });
    expect(Math.max(...(await found!.data()))).toBeLessThan(1e-12);
  });

  test("padding counts neither as a label nor in their number", async () => {
    const random = () => new RandomStream(5);
    const logits = scores().reshape([2, 3, 3]);
    const mask = tensor([
      [1, 1, 1],
      [0, 0, 0],
    ]);
    const masked = await gaussNewtonDiagonal(logits, [weight], { random: random(), mask })[0]!.data();
    const all = await gaussNewtonDiagonal(logits, [weight], { random: random() })[0]!.data();
    expect(masked).not.toEqual(all);
    const stream = random();
    const found = await average(
      () => gaussNewtonDiagonal(scores().reshape([2, 3, 3]), [weight], { random: stream, mask }),
      3000,
    );
    const [x, p] = [await inputs.data(), await softmax(scores()).data()];
    const exactOfThree = Array.from(
      { length: 6 },
      (_, at) =>
        [0, 1, 2].reduce(
          (total, i) => total + x[2 * i + Math.floor(at / 3)]! ** 2 * p[3 * i + (at % 3)]! * (1 - p[3 * i + (at % 3)]!),
          0,
        ) / 3,
    );
    expectUnbiased(found, [exactOfThree], 0.05);
    expect(() => gaussNewtonDiagonal(logits, [weight], { random: random(), mask: zeros([2]) })).toThrow(ShapeError);
  });
});

describe("the Hessian's diagonal", () => {
  test("of a small network is estimated without bias, negative entries included", async () => {
    const [first, second] = [parameter(normal(key(5), [2, 3])), parameter(normal(key(6), [3, 3]))];
    const loss = (): Tensor => mean(softmaxCrossEntropy(matmul(tanh(matmul(inputs, first)), second), labels));
    const random = new RandomStream(3);
    const found = await average(() => hutchinsonDiagonal(loss(), [first, second], { random }), 4000);
    const exact: number[][] = [];
    for (const own of [first, second]) exact.push(await diagonal(loss, own));
    expect(Math.min(...exact.flat())).toBeLessThan(0);
    expectUnbiased(found, exact, 0.1);
  });

  /** One Hessian-vector product for each coordinate. */
  async function diagonal(loss: () => Tensor, own: Parameter): Promise<number[]> {
    const count = own.shape[0]! * own.shape[1]!;
    const column = compile((unit: Tensor) => [hvp(loss(), [own], [unit])[0]!]);
    const values: number[] = [];
    for (let i = 0; i < count; i++) {
      const unit = tensor(
        Float32Array.from({ length: count }, (_, j) => Number(i === j)),
        { shape: own.shape },
      );
      values.push((await (await column(unit))[0]!.data())[i]!);
    }
    return values;
  }

  test("of a sum of squares is u² times 2, whose mean is 2", async () => {
    const own = parameter(tensor([1, -3]));
    const random = new RandomStream(4);
    expectUnbiased(await average(() => hutchinsonDiagonal(sum(square(own)), [own], { random }), 2000), [[2, 2]], 0.1);
  });

  test("its estimates are those of the parameters: an optimizer takes them", () => {
    const own = parameter(tensor([1]));
    expect(hutchinsonDiagonal(sum(square(own)), { own }, { random: new RandomStream(0) }).own.node.gradientOf).toBe(
      own,
    );
    expect(
      gaussNewtonDiagonal(mul(own, tensor([[1, 2]])), { own }, { random: new RandomStream(0) }).own.node.gradientOf,
    ).toBe(own);
  });
});
