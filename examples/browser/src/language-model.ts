import { compile, grad, key, Optimizer, type Tensor } from "@ansatz/core";
import { CharacterTokenizer, TokenWindows } from "@ansatz/data";
import { crossEntropy, generate, TransformerLM } from "@ansatz/nn";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import type { Task } from "./task.ts";

/**
 * A Transformer with 0.8 million parameters that learns to write like a text, with the recipe of
 * experiments/language-model.
 */
export function languageModel(text: string): Task {
  const steps = 1_500;
  const tokenizer = new CharacterTokenizer(text);
  const windows = new TokenWindows(tokenizer.encode(text), 64);
  const model = new TransformerLM({
    vocabularySize: tokenizer.vocabularySize,
    width: 128,
    layers: 4,
    heads: 4,
    context: 64,
  });
  const optimizer = new Optimizer(model, adamw, {
    learningRate: warmup(20, cosine(2e-3, steps - 20, { floor: 2e-4 })),
    beta2: 0.95,
    weightDecay: 0.1,
    groups: [{ where: (_name, { shape }) => shape.length < 2, weightDecay: 0 }],
  });
  const train = compile((input: Tensor, target: Tensor) => {
    const loss = crossEntropy(model.forward(input), target);
    optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
    return loss;
  });
  let step = 0;
  return {
    parameters: model.parameterCount(),
    steps,
    showEvery: 50,
    async step() {
      const { input, target } = windows.random(key(1), step++, 12);
      return (await train(input, target)).item();
    },
    async show() {
      const tokens = await generate(model, [...tokenizer.encode("\n")], {
        length: 200,
        temperature: 0.8,
        random: step,
      });
      return { text: tokenizer.decode(tokens).trim() };
    },
  };
}
