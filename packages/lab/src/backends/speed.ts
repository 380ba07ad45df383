import {
  compile,
  grad,
  key,
  matmul,
  normal,
  Optimizer,
  Parameter,
  parameter,
  randomIntegers,
  realize,
  relu,
  softmaxCrossEntropy,
  mean,
  sub,
  mul,
  tensor,
  use,
  type Tensor,
} from "@ansatz/core";
import { updateRule, type Backend } from "@ansatz/core/plugin";

/** How fast a backend is on this machine. */
export interface Speed {
  /** The speed of a product of two matrices [512, 512], in 10⁹ operations per second. */
  readonly gigaflops: number;
  /** The time of a training step of a perceptron with 784, 256 and 10 units on 64 images, in milliseconds. */
  readonly stepMilliseconds: number;
}

const size = 512;

/** Measures a backend for about this many milliseconds: half with products, half with training. It stays in use. */
export async function measureSpeed(
  backend: Backend,
  { milliseconds }: { readonly milliseconds: number },
): Promise<Speed> {
  await use(backend);
  const [a, b] = [await held([size, size], 1), await held([size, size], 2)];
  const product = compile((x: Tensor, y: Tensor) => mean(matmul(x, y)));
  const productMilliseconds = await least(async () => (await product(a, b)).item(), milliseconds / 2);
  const train = await trainer();
  const stepMilliseconds = await least(train, milliseconds / 2);
  return { gigaflops: (2 * size ** 3) / (productMilliseconds * 1e6), stepMilliseconds };
}

/** The least time that some work takes once it is compiled: other programs can only make it slower. */
async function least(work: () => Promise<unknown>, milliseconds: number): Promise<number> {
  await work(); // compiles
  let shortest = Infinity;
  for (const end = performance.now() + milliseconds; ;) {
    const started = performance.now();
    await work();
    shortest = Math.min(shortest, performance.now() - started);
    if (performance.now() >= end) return shortest;
  }
}

const gradientDescent = updateRule({
  name: "gradient-descent",
  spec: 1,
  hyper: {},
  state: () => ({}),
  update: ({ θ, g, learningRate }) => ({ θ: sub(θ, mul(learningRate, g)) }),
});

async function trainer(): Promise<() => Promise<number>> {
  const [first, second]: readonly Parameter[] = [
    parameter(mul(normal(key(3), [784, 256]), 0.05)),
    parameter(mul(normal(key(4), [256, 10]), 0.05)),
  ];
  const optimizer = new Optimizer([first!, second!], gradientDescent, { learningRate: 1e-3 });
  const [images, labels] = [
    await held([64, 784], 5),
    tensor(await randomIntegers(key(6), [64], { high: 10 }).data(), { shape: [64] }),
  ];
  const step = compile((image: Tensor, label: Tensor) => {
    const loss = mean(softmaxCrossEntropy(matmul(relu(matmul(image, first!)), second!), label));
    optimizer.update(grad(loss, [first!, second!]));
    return loss;
  });
  await realize(first!, second!);
  return async () => (await step(images, labels)).item();
}

/** Random numbers that are computed before anything is measured. */
async function held(shape: readonly number[], seed: number): Promise<Tensor> {
  return tensor(await normal(key(seed), shape).data(), { shape });
}
