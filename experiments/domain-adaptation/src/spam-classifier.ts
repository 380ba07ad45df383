import {
  argmax,
  compile,
  grad,
  integers,
  mean,
  Module,
  Optimizer,
  tensor,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import { crossEntropy, Linear, type TransformerLM } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import type { LabelledMail } from "./texts.ts";

/** A language model without its head, and a linear layer on the mean of its states. */
class SpamClassifier extends Module {
  readonly language: TransformerLM;
  readonly head: Linear;

  constructor(language: TransformerLM, random: RandomStream) {
    super();
    this.language = language;
    language.head.freeze(); // it plays no part
    this.head = new Linear(language.tokens.weight.shape[1]!, 2, { random });
  }

  forward(tokens: Tensor): Tensor {
    const { tokens: embedding, positions, blocks, norm } = this.language;
    const embedded = embedding.forward(tokens);
    const states = blocks.reduce((x, block) => block.forward(x), positions?.forward(embedded) ?? embedded);
    return this.head.forward(mean(norm.forward(states), 1));
  }
}

export interface FineTuning {
  readonly labelled: readonly LabelledMail[];
  readonly unseen: readonly LabelledMail[];
  readonly epochs: number;
  readonly learningRate: number;
  readonly random: RandomStream;
  /** Called before each step. */
  readonly beforeStep: () => void;
}

/** Trains the whole model on a few labelled mails, and returns the share of unseen ones that it then sorts right. */
export async function accuracyOf(language: TransformerLM, options: FineTuning): Promise<number> {
  const { labelled, unseen, epochs, learningRate, random, beforeStep } = options;
  const model = new SpamClassifier(language, random);
  const optimizer = new Optimizer(model, adamw, { learningRate, weightDecay: 0.01 });
  const train = compile((tokens: Tensor, labels: Tensor) => {
    const loss = crossEntropy(model.forward(tokens), labels);
    optimizer.update(grad(loss, model.parameters()));
    return loss;
  });
  const batch = Math.min(32, labelled.length);
  for (let step = 0; step < (epochs * labelled.length) / batch; step++) {
    beforeStep();
    const first = (step * batch) % (labelled.length - batch + 1);
    const own = labelled.slice(first, first + batch);
    await train(tokensOf(own), integers(own.map(({ spam }) => Number(spam))));
  }
  const said = compile((tokens: Tensor) => argmax(model.forward(tokens)));
  let right = 0;
  for (let first = 0; first + batch <= unseen.length; first += batch) {
    beforeStep();
    const own = unseen.slice(first, first + batch);
    const found = await (await said(tokensOf(own))).data();
    right += own.filter(({ spam }, i) => found[i] === Number(spam)).length;
  }
  return right / (Math.floor(unseen.length / batch) * batch);
}

function tokensOf(mails: readonly LabelledMail[]): Tensor {
  const length = mails[0]!.tokens.length;
  return tensor(Int32Array.from(mails.flatMap(({ tokens }) => [...tokens])), { shape: [mails.length, length] });
}
