import { ArgumentError, mul, sub, type Tensor } from "@ansatz/core";
import { updateRule, type UpdateContext, type UpdateResult, type UpdateRule } from "@ansatz/core/plugin";

/** One link of a chain: it transforms a gradient, or the result of the link before it. */
export interface Transformation<Hyper extends string, State extends string> {
  /** Hyper-parameters and their defaults. */
  readonly hyper: Readonly<Record<Hyper, number>>;
  /** The initial state of a parameter. */
  readonly state: (θ: Tensor) => Readonly<Record<State, Tensor>>;
  /** The next `g`, and the next value of each state that changes. */
  readonly transform: (
    context: UpdateContext<Hyper, State> & { readonly g: Tensor },
  ) => { readonly g: Tensor } & Omit<UpdateResult<State>, "θ">;
}

interface AnyTransformation {
  readonly hyper: Readonly<Record<string, number>>;
  readonly state: (θ: Tensor) => Readonly<Record<string, Tensor>>;
  transform(context: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor | undefined>>;
}

type UnionToIntersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never;
type HyperOf<Links extends readonly AnyTransformation[]> = keyof UnionToIntersection<Links[number]["hyper"]> & string;

/**
 * A rule made of transformations, one after the other: θ ← θ − η u, where u is the transformed gradient.
 *
 * The rule has the hyper-parameters and the state of all its links, under their own names.
 *
 * @throws ArgumentError if two links share a name
 * @example chain("decayed", decayedWeights).hyper  // { weightDecay: 0 }
 */
export function chain<const Links extends readonly AnyTransformation[]>(
  name: string,
  ...links: Links
): UpdateRule<HyperOf<Links>, string> {
  const hyper: Record<string, number> = {};
  for (const link of links) {
    for (const [key, value] of Object.entries(link.hyper)) {
      if (key in hyper)
        throw new ArgumentError(`chain: two links of ${name} have a hyper-parameter "${key}"\n  rename one of them`);
      hyper[key] = value;
    }
  }
  return updateRule({
    name,
    spec: 1,
    hyper: hyper as Record<HyperOf<Links>, number>,
    state: (θ) => {
      const state: Record<string, Tensor> = {};
      for (const link of links) {
        for (const [key, value] of Object.entries(link.state(θ))) {
          if (key in state || key in hyper)
            throw new ArgumentError(`chain: two parts of ${name} are called "${key}"\n  rename one of them`);
          state[key] = value;
        }
      }
      return state;
    },
    update: (context) => {
      const { θ, g: gradient, learningRate: η } = context as UpdateContext<never, never> & { readonly g: Tensor };
      const next: Record<string, Tensor | undefined> = {};
      let direction = gradient;
      for (const link of links) {
        const { g, ...state } = link.transform({ ...context, g: direction });
        direction = g!;
        Object.assign(next, state);
      }
      return { ...next, θ: sub(θ, mul(η, direction)) };
    },
  });
}
