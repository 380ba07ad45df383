import {
  add,
  gelu,
  mul,
  normal,
  realize,
  relu,
  sigmoid,
  tanh,
  vjp,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import {
  fanInUniform,
  gainOf,
  kaimingNormal,
  LayerNorm,
  Linear,
  normalInitializer,
  orthogonal,
  xavierNormal,
} from "@ansatz/nn";

export const activations = { sigmoid, tanh, relu, gelu } as const;
export type Activation = keyof typeof activations;

/** How the weights are drawn, and whether they are also multiplied by the gain of the activation. */
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
  /** Whether each layer reads its input through layer normalization. */
  readonly normalization: boolean;
  /** Whether each layer's output is added to its input. */
  readonly residual: boolean;
}

/** log₁₀ of the size of signal and gradient at each layer, relative to the input and to the gradient at the top. */
export interface Profile {
  readonly signal: readonly number[];
  readonly gradient: readonly number[];
}

/**
 * Signal and gradient through an untrained stack: x′ = φ(W norm(x)), or x + φ(W norm(x)), with or without
 * normalization. Every activation φ gets the same weights, a normal input, and a normal gradient at the top.
 *
 * In float64, because a hundred layers can shrink them to 10⁻¹⁵⁰.
 */
export async function profiles(
  random: RandomStream,
  options: StackOptions,
): Promise<Readonly<Record<Activation, Profile>>> {
  const { initializer, layers, width, batch, normalization, residual } = options;
  const { draw, gained } = initializers[initializer];
  const linears = Array.from({ length: layers }, () =>
    new Linear(width, width, { bias: false, initializer: draw, random }).to("float64"),
  );
  const norm = new LayerNorm(width).to("float64");
  const [input, atTop] = [
    normal(random.next(), [batch, width], { dtype: "float64" }),
    normal(random.next(), [batch, width], { dtype: "float64" }),
  ];
  await realize(...linears.map(({ weight }) => weight));
  const found: [string, Profile][] = [];
  for (const [name, activation] of Object.entries(activations)) {
    const gain = gained ? gainOf(name as Activation) : 1;
    const signals: Tensor[] = [];
    let x = input;
    for (const linear of linears) {
      const y = activation(mul(linear.forward(normalization ? norm.forward(x) : x), gain));
      signals.push((x = residual ? add(x, y) : y));
    }
    const gradients = vjp(x, signals, atTop);
    await realize(...signals, ...gradients);
    found.push([name, { signal: await sizes(signals, input), gradient: await sizes(gradients, atTop) }]);
  }
  return Object.fromEntries(found) as Record<Activation, Profile>;
}

/** log₁₀ of the norm of each tensor relative to another, computed so that squares of tiny numbers do not vanish. */
async function sizes(tensors: readonly Tensor[], against: Tensor): Promise<number[]> {
  const size = async (tensor: Tensor): Promise<number> => Math.log10(Math.hypot(...(await tensor.data())));
  const unit = await size(against);
  return Promise.all(tensors.map(async (tensor) => (await size(tensor)) - unit));
}
