import { all, equal, integers, key, sum, takeAlongAxis, tensor, uniform, use, type Tensor } from "@ansatz/core";
import { traceGraph, type Backend } from "@ansatz/core/plugin";
import { cpu } from "@ansatz/backend-cpu";
import { beforeAll, describe, expect, test } from "vitest";
import { atMostOnce, eachOnce, fixedChoice, PointerNetwork, transformerEncoder } from "./index.ts";
import { onEveryBackend } from "./testing.ts";

const points = (batch: number, places: number, seed = 7) => uniform(key(seed), [batch, places, 2]);
const network = (options = {}) => new PointerNetwork({ inputs: 2, hidden: 8, random: 3, ...options });
const lists = async (x: Tensor) => (await x.array()) as number[][];

/** Every order of some places. */
function permutations(places: readonly number[]): number[][] {
  if (places.length === 0) return [[]];
  return places.flatMap((place) =>
    permutations(places.filter((other) => other !== place)).map((rest) => [place, ...rest]),
  );
}

await onEveryBackend((backend) => {
  beforeAll(async () => use(await backend()));

  test("with room for all of them, beam search finds every tour, with its probability in forward", async () => {
    const model = network({ glimpses: 1 });
    const elements = points(1, 4);
    const { places, logProbabilities } = model.beamSearch(elements, { beams: 24, constraint: eachOnce });
    const tours = ((await places.array()) as number[][][])[0]!;
    const found = (await lists(logProbabilities))[0]!;
    expect(tours.map((tour) => tour.join()).toSorted()).toEqual(
      permutations([0, 1, 2, 3])
        .map((tour) => tour.join())
        .toSorted(),
    );
    expect(found.reduce((total, own) => total + Math.exp(own), 0)).toBeCloseTo(1, 4);
    expect(found).toEqual(found.toSorted((a, b) => b - a));
    for (const [i, tour] of tours.entries()) {
      const target = integers([tour]);
      const said = model.forward(elements, target, { constraint: eachOnce }).logSoftmax();
      const probability = sum(takeAlongAxis(said, target.reshape([1, 4, 1]), 2));
      expect(await probability.item()).toBeCloseTo(found[i]!, 4);
    }
  });

  test.each([
    ["a pointer network", () => network()],
    ["one with glimpses and an end", () => network({ glimpses: 2, ends: true })],
    ["one on a Transformer", () => network({ encoder: transformerEncoder({ layers: 1, heads: 2 }), ends: true })],
    ["one that chooses", () => network({ choice: fixedChoice({ places: 6 }), ends: true })],
  ])("%s says what forward finds likeliest after its own answer", async (_name, make) => {
    const model = make();
    const options = { lengths: tensor(Int32Array.of(5, 3, 1)), constraint: eachOnce };
    const [elements, ends] = [points(3, 5), model.ends ? 1 : 0];
    const said = model.greedy(elements, options);
    const rows = await lists(said);
    for (const [row, length] of [5, 3, 1].entries()) {
      expect(rows[row]!.slice(0, length).toSorted()).toEqual(Array.from({ length }, (_, place) => place));
      const after = [...(model.ends ? [5] : []), ...Array.from({ length: 5 - length }, () => -1)];
      expect(rows[row]!.slice(length)).toEqual(after);
    }
    const answered = model.forward(elements, said, options).argmax();
    const counts = equal(said, -1).or(equal(answered, said));
    expect(await all(counts).item()).toBe(1);
    expect(said.shape).toEqual([3, 5 + ends]);
  });

  test("of fewer valid outputs than beams, the rest says nothing and has no probability", async () => {
    const options = { beams: 3, lengths: tensor(Int32Array.of(1, 2)), constraint: eachOnce };
    const { places, logProbabilities } = network().beamSearch(points(2, 2), options);
    const [one, two] = (await places.array()) as [number[][], number[][]];
    expect(one).toEqual([
      [0, -1],
      [-1, -1],
      [-1, -1],
    ]);
    expect(two.slice(0, 2).toSorted()).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(two[2]).toEqual([-1, -1]);
    const found = await lists(logProbabilities);
    expect(found[0]).toEqual([0, -Infinity, -Infinity]);
    expect(found[1]![2]).toBe(-Infinity);
    expect(Math.exp(found[1]![0]!) + Math.exp(found[1]![1]!)).toBeCloseTo(1, 5);
  });

  test("an output may end only when the constraint says so, and says −1 from then on", async () => {
    const model = network({ ends: true });
    const options = { beams: 40, lengths: tensor(Int32Array.of(3)), constraint: atMostOnce({ least: 2 }) };
    const { places, logProbabilities } = model.beamSearch(points(1, 4), options);
    const outputs = ((await places.array()) as number[][][])[0]!;
    const valid = outputs.filter(([first]) => first !== -1).map((said) => said.join());
    // Three places: six orders of two, each with an end, and six of three.
    const wanted = permutations([0, 1, 2]).flatMap((order) => [
      [...order, 4, -1].join(),
      [...order.slice(0, 2), 4, -1, -1].join(),
    ]);
    expect(valid.toSorted()).toEqual(wanted.toSorted());
    const found = (await lists(logProbabilities))[0]!;
    expect(found.reduce((total, own) => total + Math.exp(own), 0)).toBeCloseTo(1, 4);
  });

  test("steps cut an output, and without a constraint places may come again", async () => {
    const said = await lists(network().greedy(points(2, 3), { steps: 7 }));
    for (const row of said) {
      expect(row).toHaveLength(7);
      for (const place of row) expect([0, 1, 2]).toContain(place);
    }
  });
});

describe("the graph of a beam search", () => {
  beforeAll(async () => use(cpu()));

  test("has as many nodes for a hundred places as for five, since its steps are a loop", () => {
    const nodes = (places: number) => {
      const search = (x: Tensor) => network().beamSearch(x, { beams: 2, constraint: eachOnce }).places;
      return traceGraph(search, [{ shape: [2, places, 2], dtype: "float32" }], cpu()).graph.nodes.length;
    };
    expect(nodes(100)).toBe(nodes(5));
  });

  test("is compiled once for all elements and weights", async () => {
    const inner = cpu();
    let compiled = 0;
    const counting: Backend = {
      ...inner,
      compile(graph) {
        compiled++;
        return inner.compile(graph);
      },
    };
    await use(counting);
    const model = network();
    const answers: string[] = [];
    for (const seed of [1, 2, 3]) answers.push(String(await model.greedy(points(2, 6, seed)).array()));
    expect(new Set(answers).size).toBe(3);
    expect(compiled).toBe(1);
  });
});

describe("constraints", () => {
  beforeAll(async () => use(cpu()));
  const said = integers([
    [2, 0, -1, -1],
    [-1, -1, -1, -1],
    [1, 0, -1, -1],
  ]);
  const exists = tensor([
    [true, true, true],
    [true, true, true],
    [true, true, false],
  ]);

  test("each place once: what was not said yet, and the end when nothing is left", async () => {
    const { places, end } = eachOnce(said, exists);
    expect(await places.array()).toEqual([
      [false, true, false],
      [true, true, true],
      [false, false, false],
    ]);
    expect(await end!.array()).toEqual([false, false, true]);
  });

  test("at most once: the end from the least number of places on", async () => {
    expect(await atMostOnce()(said, exists).end!.array()).toEqual([true, true, true]);
    const { places, end } = atMostOnce({ least: 2 })(said, exists);
    expect(((await places.array()) as boolean[][])[0]).toEqual([false, true, false]);
    expect(await end!.array()).toEqual([true, false, true]);
    expect(() => atMostOnce({ least: -1 })).toThrow(/least is -1/);
  });
});
