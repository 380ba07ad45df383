import { readFileSync } from "node:fs";
import { grad, tensor, use, type StateDict } from "@ansatz/core";
import { crossEntropy, fromPyTorch } from "@ansatz/nn";
import { beforeAll, describe, expect, test } from "vitest";
import { atMostOnce, fixedChoice, PointerNetwork, transformerEncoder, type PointingOptions } from "./index.ts";
import { onEveryBackend } from "./testing.ts";

interface Listed {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What reference/record.py computed in PyTorch for one network, row by row and without padding. */
interface Golden {
  readonly loss: number;
  readonly elements: Listed;
  readonly elementsGradient: Listed;
  readonly lengths: readonly number[];
  readonly target: readonly (readonly number[])[];
  readonly state: Readonly<Record<string, Listed>>;
  readonly gradient: Readonly<Record<string, Listed>>;
}

const goldens = JSON.parse(
  readFileSync(new URL("../reference/goldens/networks.json", import.meta.url), "utf8"),
) as Readonly<Record<string, Golden>>;

const sizes = { inputs: 2, hidden: 4, random: 1 };
const set = transformerEncoder({ layers: 2, heads: 2 });
const networks: Readonly<Record<string, readonly [() => PointerNetwork, PointingOptions?]>> = {
  pointer: [() => new PointerNetwork(sizes)],
  "pointer-lengths": [() => new PointerNetwork(sizes)],
  "pointer-glimpses-end-once": [
    () => new PointerNetwork({ ...sizes, glimpses: 2, ends: true }),
    { constraint: atMostOnce() },
  ],
  "pointer-set": [() => new PointerNetwork({ ...sizes, encoder: set, ends: true })],
  "sequence-to-sequence": [
    () => new PointerNetwork({ ...sizes, choice: fixedChoice({ places: 5, attention: false }), ends: true }),
  ],
  "sequence-to-sequence-attention": [
    () => new PointerNetwork({ ...sizes, choice: fixedChoice({ places: 5 }), ends: true }),
  ],
};

const stateOf = (recorded: Readonly<Record<string, Listed>>): StateDict =>
  Object.fromEntries(
    Object.entries(recorded).map(([name, { shape, data }]) => [
      name,
      { shape, data: Float32Array.from(data), dtype: "float32" as const },
    ]),
  );
const tensorOf = ({ shape, data }: Listed) => tensor(Float32Array.from(data), { shape });

/** Compares relative to the largest value. */
function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void {
  const scale = Math.max(...Array.from(wanted, Math.abs), 1e-3);
  expect(found.length, what).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++)
    expect(Math.abs(found[i]! - wanted[i]!), `${what}, element ${i}: ${found[i]}, not ${wanted[i]}`).toBeLessThan(
      2e-5 * scale,
    );
}

await onEveryBackend((backend) => {
  beforeAll(async () => use(await backend()));

  describe("a padded batch has the loss and the gradients of PyTorch's rows without padding", () => {
    test.each(Object.entries(networks))("%s", async (name, [make, options]) => {
      const golden = goldens[name]!;
      const network = make();
      network.loadStateDict(fromPyTorch(network, stateOf(golden.state)));
      const [elements, lengths] = [tensorOf(golden.elements), tensor(Int32Array.from(golden.lengths))];
      const target = tensor(Int32Array.from(golden.target.flat()), {
        shape: [golden.target.length, golden.target[0]!.length],
      });
      const scores = network.forward(elements, target, { lengths, ...options });
      const loss = crossEntropy(scores, target, { ignoredIndex: -1 });
      const names = [...network.namedParameters().keys()];
      const gradients = grad(loss, [elements, ...network.parameters()]);
      expect(await loss.item()).toBeCloseTo(golden.loss, 5);
      expectClose(await gradients[0]!.data(), golden.elementsGradient.data, "elements");
      const wanted = fromPyTorch(network, stateOf(golden.gradient));
      expect(names.toSorted()).toEqual(Object.keys(wanted).toSorted());
      for (const [i, own] of names.entries()) expectClose(await gradients[i + 1]!.data(), wanted[own]!.data, own);
    });
  });
});
