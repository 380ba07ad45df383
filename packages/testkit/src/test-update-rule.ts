import {
  add,
  ArgumentError,
  grad,
  mapGradients,
  memory,
  mul,
  Optimizer,
  parameter,
  realize,
  square,
  sub,
  sum,
  tensor,
  use,
  zeros,
  type DType,
  type Parameter,
  type Shape,
  type Tensor,
} from "@ansatz/core";
import { isTensor, type AnyUpdateRule, type Backend } from "@ansatz/core/plugin";
import { describe, expect, test } from "vitest";
import { assertSameBits } from "./compare.ts";
import { Noise } from "./noise.ts";
import type { CreateBackend } from "./subjects.ts";

export interface TestUpdateRuleOptions {
  /**
   * The shapes of the parameters to train. Default: a scalar, a vector, a matrix and a tensor of three axes. The rule
   * must refuse those of the default that are left out.
   */
  readonly shapes?: readonly Shape[];
  /** The settings with which nothing moves without a gradient. Default: no weight decay. */
  readonly withoutDecay?: Readonly<Record<string, number>>;
  /** A learning rate at which the rule makes progress on a quadratic bowl about 1 wide. Default: 0.01. */
  readonly learningRate?: number;
  /** The number of steps in which the loss must fall. Default: 60. */
  readonly steps?: number;
}

/** A scalar, a vector, a matrix, and lengths that are not multiples of a SIMD width. */
const everyShape: readonly Shape[] = [[], [5], [3, 4], [1, 7, 3]];

/** A loss with one minimum and a different curvature for each element, and the parameters that it depends on. */
class Bowl {
  readonly parameters: readonly Parameter[];
  readonly #centres: readonly Tensor[];
  readonly #widths: readonly Tensor[];

  constructor(shapes: readonly Shape[], dtype: DType = "float32") {
    const noise = new Noise("bowl");
    const drawn = (low: number, high: number) =>
      shapes.map((shape) =>
        tensor(
          Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => low + (high - low) * noise.uniform()),
          { shape, dtype },
        ),
      );
    this.parameters = drawn(-1, 1).map((initial) => parameter(initial));
    this.#centres = drawn(-1, 1);
    this.#widths = drawn(0.5, 2);
  }

  loss(): Tensor {
    const terms = this.parameters.map((own, i) => sum(mul(this.#widths[i]!, square(sub(own, this.#centres[i]!)))));
    return terms.reduce((total, term) => add(total, term));
  }

  async values(): Promise<Float64Array> {
    const lists = await Promise.all(this.parameters.map((own) => own.data()));
    return Float64Array.from(lists.flatMap((list) => Array.from(list)));
  }

  dispose(): void {
    for (const own of this.parameters) own.dispose();
  }
}

/**
 * Declares the conformance suite of an update rule: it satisfies the contract, makes progress in float32 and float64,
 * does not move without a gradient or while it is frozen, compiles only once whatever hyper-parameter changes, and
 * resumes from a saved state with the same bits.
 *
 * Call it at the top of a test file: `testUpdateRule(lion, cpu)`. A rule for matrices only:
 * `testUpdateRule(muon, cpu, { shapes: [[3, 4], [5, 2]] })`.
 */
export function testUpdateRule(
  rule: AnyUpdateRule,
  backend: Backend | CreateBackend,
  options: TestUpdateRuleOptions = {},
): void {
  const { learningRate = 0.01, steps = 60, shapes = everyShape } = options;
  const { withoutDecay = "weightDecay" in rule.hyper ? { weightDecay: 0 } : {} } = options;
  const make = (bowl: Bowl) => new Optimizer<AnyUpdateRule>(bowl.parameters, rule, { learningRate, ...withoutDecay });
  const ready = async (): Promise<Backend> =>
    use(typeof backend === "function" ? await (made ??= Promise.resolve(backend())) : backend);
  let made: Promise<Backend> | undefined;

  /** One step on the bowl, with its gradient times `scale`. A rule that observes also gets the squared gradient. */
  const step = async (bowl: Bowl, optimizer: Optimizer, scale = 1): Promise<number> => {
    const loss = bowl.loss();
    if (rule.observe !== undefined) optimizer.observe(mapGradients(grad(loss, bowl.parameters), square));
    optimizer.update(grad(mul(loss, scale), bowl.parameters));
    await realize(loss);
    return loss.item();
  };

  describe(`update rule ${rule.name}`, () => {
    test("satisfies the contract", () => {
      expect(rule.spec).toBe(1);
      expect(rule.name).toMatch(/^[a-zA-Z][\w-]*$/);
      for (const value of Object.values(rule.hyper)) expect(value).toSatisfy(Number.isFinite);
    });

    test("takes parameters of its shapes, and refuses others", () => {
      const names = (shape: Shape) => shape.join();
      for (const shape of shapes) {
        const state = Object.values(rule.state(zeros(shape)));
        expect(state.every(isTensor), `the state of [${names(shape)}] is made of tensors`).toBe(true);
      }
      for (const shape of everyShape.filter((other) => !shapes.map(names).includes(names(other))))
        expect(() => rule.state(zeros(shape)), `[${names(shape)}]`).toThrow(ArgumentError);
    });

    test("writes every part of its state", () => {
      const θ = zeros(shapes[0]!);
      const settings = Object.entries({ step: 1, learningRate, ...rule.hyper }).map(
        ([name, value]) => [name, tensor(value)] as const,
      );
      const state = rule.state(θ);
      const context = { ...Object.fromEntries(settings), ...state, θ };
      const written = { ...rule.update({ ...context, g: θ }), ...rule.observe?.({ ...context, observation: θ }) };
      for (const name of Object.keys(state))
        expect(written[name], `update or observe returns "${name}", or the state leaves it out`).toBeDefined();
    });

    test("trains float64 as it trains float32", async ({ skip }) => {
      const { dtypes } = await ready();
      if (!dtypes.includes("float64")) return skip("the backend does not hold float64");
      const paths: Float64Array[] = [];
      for (const dtype of ["float32", "float64"] as const) {
        const bowl = new Bowl(shapes, dtype);
        const optimizer = make(bowl);
        for (let count = 0; count < 5; count++) await step(bowl, optimizer);
        for (const own of bowl.parameters)
          for (const cell of Object.values(optimizer.stateOf(own))) expect(cell.dtype).toBe(dtype);
        paths.push(await bowl.values());
        bowl.dispose();
      }
      for (const [position, value] of paths[1]!.entries()) expect(paths[0]![position]).toBeCloseTo(value, 4);
    });

    test("reduces a loss, in parameters of every shape", async () => {
      await ready();
      const bowl = new Bowl(shapes);
      const optimizer = make(bowl);
      const first = await step(bowl, optimizer);
      let last = first;
      for (let count = 1; count < steps; count++) last = await step(bowl, optimizer);
      expect(last).toBeLessThan(0.9 * first);
      expect(optimizer.step).toBe(steps);
      bowl.dispose();
    });

    test("a frozen parameter stays as it is, and moves as in a new optimizer once it is thawed", async () => {
      await ready();
      const bowls = [0, 1].map(() => new Bowl([...shapes, shapes[0]!])) as [Bowl, Bowl];
      const [late, fresh] = bowls;
      const before = await late.values();
      const [optimizer, other] = [make(late), make(fresh)];
      const frozen = late.parameters.slice(0, -1); // the last one is trained all the time
      const count = frozen.reduce((total, own) => total + own.shape.reduce((a, b) => a * b, 1), 0);
      for (const own of frozen) own.trainable = false;
      for (let passed = 0; passed < 6; passed++) await step(late, optimizer);
      expect(Array.from((await late.values()).subarray(0, count))).toEqual(Array.from(before.subarray(0, count)));
      for (const own of frozen) own.trainable = true;
      for (let passed = 0; passed < 5; passed++) {
        await step(late, optimizer);
        await step(fresh, other);
      }
      const [found, expected] = [await late.values(), await fresh.values()];
      for (let i = 0; i < count; i++) {
        expect(expected[i]).not.toBe(before[i]);
        expect(found[i], `${rule.name}, element ${i}`).toBeCloseTo(expected[i]!, 6);
      }
      for (const bowl of bowls) bowl.dispose();
    });

    test("with a zero gradient and without decay nothing moves", async () => {
      await ready();
      const bowl = new Bowl(shapes);
      const before = await bowl.values();
      const optimizer = new Optimizer<AnyUpdateRule>(bowl.parameters, rule, { learningRate, ...withoutDecay });
      for (let count = 0; count < 3; count++) {
        optimizer.update(grad(mul(bowl.loss(), 0), bowl.parameters));
        await realize();
      }
      expect(Array.from(await bowl.values())).toEqual(Array.from(before));
      bowl.dispose();
    });

    test("with a learning rate of 0 nothing moves", async () => {
      await ready();
      const bowl = new Bowl(shapes);
      const before = await bowl.values();
      const optimizer = new Optimizer<AnyUpdateRule>(bowl.parameters, rule, { learningRate: 0 });
      for (let count = 0; count < 3; count++) await step(bowl, optimizer);
      expect(Array.from(await bowl.values())).toEqual(Array.from(before));
      bowl.dispose();
    });

    test("huge and tiny gradients stay finite", async () => {
      await ready();
      for (const scale of [1e8, 1e-12]) {
        const bowl = new Bowl(shapes);
        const optimizer = new Optimizer<AnyUpdateRule>(bowl.parameters, rule, { learningRate: 1e-9, ...withoutDecay });
        for (let count = 0; count < 3; count++) await step(bowl, optimizer, scale);
        expect((await bowl.values()).every(Number.isFinite)).toBe(true);
        bowl.dispose();
      }
    });

    test("changing the learning rate and every hyper-parameter recompiles nothing", async () => {
      await ready();
      const bowl = new Bowl(shapes);
      const optimizer = make(bowl);
      for (let count = 0; count < 3; count++) await step(bowl, optimizer);
      const { compilations } = memory();
      for (let count = 0; count < 5; count++) {
        const group = optimizer.groups.at(-1)!;
        for (const [name, value] of Object.entries(group)) if (typeof value === "number") group[name] = value * 0.99;
        await step(bowl, optimizer);
      }
      expect(memory().compilations).toBe(compilations);
      bowl.dispose();
    });

    test("the same steps give the same bits, even from a saved state", async () => {
      await ready();
      const through = new Bowl(shapes);
      const optimizer = make(through);
      for (let count = 0; count < 4; count++) await step(through, optimizer);
      const saved = {
        state: await optimizer.stateDict(),
        values: await Promise.all(through.parameters.map((own) => own.data())),
      };
      for (let count = 0; count < 4; count++) await step(through, optimizer);

      const resumed = new Bowl(shapes);
      const again = make(resumed);
      again.loadStateDict(saved.state);
      resumed.parameters.forEach((own, i) => own.load(saved.values[i]!.slice()));
      for (let count = 0; count < 4; count++) await step(resumed, again);
      assertSameBits(await resumed.values(), await through.values(), `${rule.name} after a resume`);
      through.dispose();
      resumed.dispose();
    });
  });
}
