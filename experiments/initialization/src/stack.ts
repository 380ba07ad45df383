import {
  add,
  cast,
  gelu,
  layerNorm,
  matmul,
  mul,
  normal,
  ones,
  realize,
  relu,
  sigmoid,
  tanh,
  transpose,
  vjp,
  zeros,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import { fanInUniform, gainOf, kaimingNormal, normalInitializer, orthogonal, xavierNormal } from "@ansatz/nn";

export const activations = { sigmoid, tanh, relu, gelu } as const;
export type Activation = keyof typeof activations;

/** What weights start from, and whether they are multiplied by the activation's gain besides. */
export const initializers = {
  small: { draw: normalInitializer(0.01), gained: false },
  fanIn: { draw: fanInUniform, gained: false },
  xavier: { draw: xavierNormal(), gained: false },
  kaiming: { draw: kaimingNormal({ nonlinearity: "linear" }), gained: true },
  orthogonal: { draw: orthogonal(), gained: true },
} as const;

export interface StackOptions {
  readonly initializer: keyof typeof initializers;
  readonly layers: number;
  readonly width: number;
  readonly batch: number;
  /** Whether each layer reads its input through layer normalisation. */
  readonly normalization: boolean;
  /** Whether each layer's output is added to its input. */
  readonly residual: boolean;
}

/**
 * After each layer, log₁₀ of how large signal and gradient are: the signal against the input, the gradient against the
 * one that comes in at the top.
 */
export interface Profile {
  readonly signal: readonly number[];
  readonly gradient: readonly number[];
}

/**
 * Signal and gradient through a stack at its start: x′ = φ(W norm(x)), or x + φ(W norm(x)), with normalisation or
 * without; for each activation φ with the same weights, a normal input and a normal gradient at the top.
 *
 * In float64: a hundred layers can take them to 10⁻¹⁵⁰.
 */
export async function profiles(
  random: RandomStream,
  options: StackOptions,
): Promise<Readonly<Record<Activation, Profile>>> {
  const { initializer, layers, width, batch, normalization, residual } = options;
  const { draw, gained } = initializers[initializer];
  const weights = Array.from({ length: layers }, () => transpose(cast(draw(random.next(), [width, width]), "float64")));
  const [input, atTop] = [
    normal(random.next(), [batch, width], { dtype: "float64" }),
    normal(random.next(), [batch, width], { dtype: "float64" }),
  ];
  await realize(...weights);
  const found: [string, Profile][] = [];
  for (const [name, activation] of Object.entries(activations)) {
    const gain = gained ? gainOf(name as Activation) : 1;
    const signals: Tensor[] = [];
    let x = input;
    for (const weight of weights) {
      const y = activation(mul(matmul(normalization ? normalized(x) : x, weight), gain));
      signals.push((x = residual ? add(x, y) : y));
    }
    const gradients = vjp(x, signals, atTop);
    await realize(...signals, ...gradients);
    found.push([name, { signal: await sizes(signals, input), gradient: await sizes(gradients, atTop) }]);
  }
  return Object.fromEntries(found) as Record<Activation, Profile>;
}

function normalized(x: Tensor): Tensor {
  const [width] = x.shape.slice(-1) as [number];
  return layerNorm(x, ones([width], { dtype: "float64" }), zeros([width], { dtype: "float64" }));
}

/**
 * log₁₀ of the norm of each tensor against that of another; on the host, where squares of the smallest numbers do not
 * vanish.
 */
async function sizes(tensors: readonly Tensor[], against: Tensor): Promise<number[]> {
  const size = async (tensor: Tensor): Promise<number> => Math.log10(Math.hypot(...(await tensor.data())));
  const unit = await size(against);
  return Promise.all(tensors.map(async (tensor) => (await size(tensor)) - unit));
}
