import { cpu } from "@ansatz/backend-cpu";
import {
  ArgumentError,
  grad,
  realize,
  ShapeError,
  slice,
  sum,
  tensor,
  transpose,
  use,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { beforeAll, expect, test } from "vitest";
import { golden } from "./golden.ts";
import { testLayers, type LayerRow } from "./golden-suite.ts";
import { GRU, LSTM, LSTMLM, RNN, type LSTMState } from "./index.ts";

const ofHidden = (layer: RNN | GRU, x: Tensor, hidden: Tensor, lengths?: Tensor) => {
  const [y, last] = layer.forward(x, { hidden }, lengths && { lengths });
  return { y, lastHidden: last.hidden };
};
const ofCell = (layer: LSTM, x: Tensor, hidden: Tensor, cell: Tensor, lengths?: Tensor) => {
  const [y, last] = layer.forward(x, { hidden, cell }, lengths && { lengths });
  return { y, lastHidden: last.hidden, lastCell: last.cell };
};
const hidden = { inputs: ["x", "hidden"], run: ofHidden };
const both = { inputs: ["x", "hidden", "cell"], run: ofCell };
const deep = { layers: 2, bidirectional: true };

const rows: readonly LayerRow[] = [
  { name: "rnn", make: () => new RNN(3, 4), ...hidden },
  { name: "rnn-relu", make: () => new RNN(3, 4, { nonlinearity: "relu", bias: false }), ...hidden },
  { name: "gru", make: () => new GRU(3, 4), ...hidden },
  { name: "gru-before", make: () => new GRU(3, 4, { reset: "before" }), ...hidden },
  { name: "gru-deep", make: () => new GRU(2, 3, deep), ...hidden, inputs: ["x", "hidden", "lengths"] },
  { name: "lstm", make: () => new LSTM(3, 4), ...both },
  { name: "lstm-deep", make: () => new LSTM(2, 3, deep), ...both },
  {
    name: "lstm-lengths",
    make: () => new LSTM(2, 3, { bidirectional: true }),
    ...both,
    inputs: ["x", "hidden", "cell", "lengths"],
  },
  { name: "lstm-projection", make: () => new LSTM(3, 4, { projection: 2, layers: 2 }), ...both },
  { name: "lstm-peephole", make: () => new LSTM(3, 4, { peephole: true }), ...both },
  { name: "lstm-lm", make: () => new LSTMLM({ vocabularySize: 5, width: 4, layers: 2 }) },
  {
    name: "lstm-lm-tied",
    make: () => new LSTMLM({ vocabularySize: 5, width: 4, layers: 2, tiedEmbeddings: true }),
    inputs: ["x", "hidden", "cell"],
    run: (model: LSTMLM, x, hidden, cell) => {
      const batchFirst = (part: Tensor) => transpose(part, [1, 0, 2]);
      const [y, last] = model.unroll(x!, { hidden: batchFirst(hidden!), cell: batchFirst(cell!) });
      return { y, lastHidden: batchFirst(last.hidden), lastCell: batchFirst(last.cell) };
    },
  },
];
await testLayers("recurrent", rows);

beforeAll(() => use(cpu()));

test("a sequence in two pieces gives the same as the whole, and so do single steps", async () => {
  const layer = new LSTM(3, 4, { layers: 2, random: 5 });
  const x = (await golden("recurrent", "lstm")).tensor("x");
  const [whole, last] = layer.forward(x);
  const [first, between] = layer.forward(slice(x, [[0, 2]]));
  const [second, end] = layer.forward(slice(x, [[2, 4]]), between);
  let state = layer.zeroState(3);
  const steps: Tensor[] = [];
  for (let t = 0; t < 4; t++) {
    const [output, next] = layer.step(slice(x, [[t, t + 1]]).reshape([3, 3]), state);
    [state] = [next, steps.push(output)];
  }
  await realize(whole, last, first, second, end, steps, state);
  const expected = await whole.data();
  const close = (found: Iterable<number>, wanted: Iterable<number>) =>
    expect([...found].map((value) => value.toFixed(5))).toEqual([...wanted].map((value) => value.toFixed(5)));
  close([...(await first.data()), ...(await second.data())], expected);
  close(
    (await Promise.all(steps.map((step) => step.data()))).flatMap((data) => [...data]),
    expected,
  );
  close(await end.cell.data(), await last.cell.data());
  close(await state.hidden.data(), await last.hidden.data());
});

test("dropout acts between layers, and not in evaluation", async () => {
  const layer = new GRU(3, 4, { layers: 2, dropout: 0.5 });
  const x = (await golden("recurrent", "gru")).tensor("x");
  const run = async () => [...(await layer.forward(x)[0].data())];
  expect(await run()).not.toEqual(await run());
  layer.eval();
  expect(await run()).toEqual(await run());
  expect(layer.namedStreams().size).toBe(1);
  expect(new GRU(3, 4, { layers: 2 }).namedStreams().size).toBe(0);
});

test("a language model drops embeddings, outputs and features between layers, and checks its sizes", async () => {
  const sizes = { vocabularySize: 5, width: 4, layers: 2, random: 1 };
  const tokens = tensor([[1, 2, 0]], { dtype: "int32" });
  const [whole, dropping] = [new LSTMLM(sizes), new LSTMLM({ ...sizes, dropout: 0.5 })];
  dropping.loadStateDict(await whole.stateDict());
  expect(await dropping.forward(tokens).array()).not.toEqual(await dropping.forward(tokens).array());
  expect(await dropping.eval().forward(tokens).array()).toEqual(await whole.forward(tokens).array());
  expect(() => new LSTMLM({ ...sizes, layers: 0 })).toThrow(/LSTMLM: layers is 0/);
  expect(() => whole.forward(zeros([3], { dtype: "int32" }))).toThrow(ShapeError);
});

test("a language model reads a text in pieces, and gradients stop between them", async () => {
  const model = new LSTMLM({ vocabularySize: 5, width: 4, layers: 2, tiedEmbeddings: true, random: 1 });
  const text = tensor([[1, 2, 0, 4, 4, 3]], { dtype: "int32" });
  const [first, second] = [slice(text, [null, [0, 3]]), slice(text, [null, [3, 6]])];
  const [whole] = model.unroll(text);
  const [before, state] = model.unroll(first, model.begin(1));
  const [after] = model.unroll(second, state);
  const expected = (await whole.array()) as number[][][];
  const found = [...((await before.array()) as number[][][])[0]!, ...((await after.array()) as number[][][])[0]!];
  for (const [t, scores] of found.entries())
    for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(expected[0]![t]![i]!, 5);
  expect(await model.forward(text).array()).toEqual(expected);
  expect(() => model.unroll(text, model.begin(2))).toThrow(/state's hidden is \[2,2,4\] but must be .* \[1,2,4\]/);
  const slope = async (carried: LSTMState) => [
    ...(await grad(sum(model.unroll(second, carried)[0]), model.tokens.weight).data()),
  ];
  const constant = { hidden: tensor(await state.hidden.array()), cell: tensor(await state.cell.array()) };
  const through = await slope(model.unroll(first, model.begin(1))[1]); // of a state that isn't realized
  await realize(state);
  const [cut, reference] = [await slope(state), await slope(constant)];
  for (const [i, value] of reference.entries()) expect(cut[i]).toBeCloseTo(value, 5);
  expect(Math.max(...through.map((value, i) => Math.abs(value - reference[i]!)))).toBeGreaterThan(1e-3);
});

test("the biases of the forget gate start at forgetBias", async () => {
  const layer = new LSTM(2, 3, { forgetBias: 1 });
  const sum = await layer.weights[0].forward.biasInput!.data();
  const other = await layer.weights[0].forward.biasRecurrent!.data();
  expect([...sum.slice(3, 6)]).toEqual([1, 1, 1]);
  expect([...other.slice(3, 6)]).toEqual([0, 0, 0]);
  expect(sum[0]).not.toBe(0);
});

test("wrong arguments are refused", () => {
  expect(() => new LSTM(3, 4, { projection: 4 })).toThrow(ArgumentError);
  expect(() => new RNN(3, 0)).toThrow(/RNN: hidden is 0/);
  expect(() => new RNN(3, 4).forward(zeros([2, 3]))).toThrow(ShapeError);
  expect(() => new LSTM(3, 4).forward(zeros([5, 2, 3]), { hidden: zeros([2, 4]), cell: zeros([1, 2, 4]) })).toThrow(
    /state's hidden is \[2,4\] but must be[^]*\[1,2,4\]/,
  );
  expect(() => new GRU(3, 4, { bidirectional: true }).step(zeros([2, 3]))).toThrow(/bidirectional layer cannot/);
});
