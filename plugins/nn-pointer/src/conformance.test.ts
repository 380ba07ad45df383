import { integers, key, Module, tensor, uniform, type Tensor } from "@ansatz/core";
import { testModule } from "@ansatz/testkit";
import { atMostOnce, fixedChoice, PointerNetwork, transformerEncoder, type PointingOptions } from "./index.ts";
import { onEveryBackend } from "./testing.ts";

/** The probabilities of a network with options: scores of what isn't valid are far from any slope. */
class Subject extends Module {
  readonly network: PointerNetwork;
  readonly options: () => PointingOptions;

  constructor(network: PointerNetwork, options: () => PointingOptions) {
    super();
    this.network = network;
    this.options = options;
  }

  forward(elements: Tensor, target: Tensor): Tensor {
    return this.network.forward(elements, target, this.options()).softmax();
  }
}

const sizes = { inputs: 2, hidden: 4, random: 1 };
const encoder = transformerEncoder({ layers: 1, heads: 2 });
const lengths = () => ({ lengths: tensor(Int32Array.of(3, 2)) });
const networks: readonly (readonly [make: () => PointerNetwork, options: () => PointingOptions])[] = [
  [() => new PointerNetwork(sizes), () => ({})],
  [
    () => new PointerNetwork({ ...sizes, glimpses: 2, ends: true }),
    () => ({ ...lengths(), constraint: atMostOnce({ least: 1 }) }),
  ],
  [() => new PointerNetwork({ ...sizes, encoder, ends: true }), lengths],
  [() => new PointerNetwork({ ...sizes, choice: fixedChoice({ places: 4 }), ends: true }), lengths],
];

await onEveryBackend((backend) => {
  for (const [make, options] of networks)
    testModule(
      () => new Subject(make(), options),
      () => [
        uniform(key(2), [2, 3, 2]),
        make().ends
          ? integers([
              [1, 0, 2, 3],
              [0, 1, 3, -1],
            ])
          : integers([
              [1, 0, 2],
              [0, 2, 1],
            ]),
      ],
      backend,
      { withoutGradient: { "key.bias": "softmax ignores what all scores of a query share" } },
    );
});
