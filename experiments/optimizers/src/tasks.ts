import {
  flatten,
  key,
  matmul,
  maxPool,
  Module,
  mul,
  normal,
  Parameter,
  parameter,
  relu,
  square,
  sum,
  tensor,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import { CharacterTokenizer, DataLoader, mnist, mobyDick, subset, TokenWindows, type TokenBatch } from "@ansatz/data";
import { evaluation, type Part } from "@ansatz/lab";
import { qr } from "@ansatz/linalg";
import { Conv2d, crossEntropy, Linear, Sequential, TransformerLM } from "@ansatz/nn";

/** The loss of a batch, and the logits if there are classes. */
export interface Losses {
  readonly loss: Tensor;
  readonly logits?: Tensor;
}

export type Batch = Readonly<Record<string, Tensor>>;

/** Something to be learned. */
export interface Task {
  readonly model: Module;
  /** What rates of the language model are multiplied by. */
  readonly rateFactor: number;
  /** The names of matrices that are embeddings or make the output, which Muon leaves to AdamW. */
  readonly outer: RegExp;
  /** The loss at which an arm has arrived. */
  readonly target: number;
  readonly batch: (step: number) => Batch | Promise<Batch>;
  readonly losses: (batch: Batch) => Losses;
  /** The loss on data that are not learned from. */
  readonly validate: () => Promise<number>;
  /** What changes with each step besides the model. */
  readonly parts: Readonly<Record<string, Part>>;
}

export interface TaskOptions {
  readonly batch: number;
  readonly width: number;
  readonly validationBatches: number;
  readonly random: RandomStream;
}

export const tasks: Readonly<Record<string, (options: TaskOptions) => Task>> = {
  /** A language model of characters of Moby Dick: a Transformer with two blocks. */
  gpt({ batch, width, validationBatches, random }) {
    const text = mobyDick();
    const tokenizer = new CharacterTokenizer(text);
    const [training, validation] = TokenWindows.split(tokenizer.encode(text), 64, 0.9);
    const order = random.next(); // which windows each step reads
    const { vocabularySize } = tokenizer;
    const model = new TransformerLM({ vocabularySize, width, layers: 2, heads: 4, context: 64, random });
    const losses = ({ input, target }: Batch): Losses => {
      const logits = model.forward(input!);
      return { loss: crossEntropy(logits, target!), logits };
    };
    const evaluate = evaluation(model, (data: TokenBatch) => ({ loss: losses({ ...data }).loss }));
    return {
      model,
      rateFactor: 1,
      outer: /^(tokens|positions|head)\./,
      target: 2.5,
      batch: (step) => ({ ...training.random(order, step, batch) }),
      losses,
      validate: async () => (await evaluate(validation.inOrder(batch), { most: validationBatches })).loss,
      parts: {},
    };
  },

  /** Handwritten digits: two convolutions and two dense layers. */
  cnn({ batch, width, validationBatches, random }) {
    const convolution = (inputs: number, outputs: number) => [
      new Conv2d(inputs, outputs, 5, { random }),
      relu,
      (x: Tensor) => maxPool(x, 2),
    ];
    const model = new Sequential(
      ...convolution(1, 8),
      ...convolution(8, 16),
      (x: Tensor) => flatten(x, 1),
      new Linear(256, width, { random }),
      relu,
      new Linear(width, 10, { random }),
    );
    const digits = { batchSize: batch, shuffle: random.next(), dropLast: true };
    const loader = new DataLoader(subset(mnist("train"), 0, 58_000), digits);
    const validation = new DataLoader(subset(mnist("train"), 58_000, 2_000), { batchSize: 250 });
    const losses = ({ image, label }: Batch): Losses => {
      const logits = model.forward(image!);
      return { loss: crossEntropy(logits, label!), logits };
    };
    const evaluate = evaluation(model, (data: Batch) => ({ loss: losses(data).loss }));
    return {
      model,
      rateFactor: 0.5,
      outer: /^layers\.(0|9)\./,
      target: 0.15,
      batch: () => loader.next(),
      losses,
      validate: async () => (await evaluate(validation, { most: validationBatches })).loss,
      parts: { loader },
    };
  },

  /** A quadratic of a matrix whose curvatures span a factor of 10,000, in directions that mix all elements. */
  quadratic({ random }) {
    const side = 16;
    const size = side * side;
    const model = new Bowl(normal(random.next(), [side, side]));
    const directions = qr(normal(key(1), [size, size])).q;
    const exponents = Array.from({ length: size }, (_, i) => 10 ** (-2 * (i / (size - 1)))); // roots of curvatures
    const roots = parameter(mul(directions, tensor(exponents))); // [size, size]
    const losses = (): Losses => ({
      loss: mul(sum(square(matmul(model.weight.read().reshape([1, size]), roots))), 1 / 2),
    });
    return {
      model,
      rateFactor: 10,
      outer: /^$/,
      target: 0.1,
      batch: () => ({}),
      losses,
      validate: () => losses().loss.item(),
      parts: {},
    };
  },
};

class Bowl extends Module {
  readonly weight: Parameter;

  constructor(start: Tensor) {
    super();
    this.weight = parameter(start);
  }
}
