import { compile, grad, Optimizer } from "@ansatz/core";
import { CharacterTokenizer, mobyDick, type TokenBatch, TokenWindows } from "@ansatz/data";
import { evaluation } from "@ansatz/lab";
import { crossEntropy, FeedForward, GatedFeedForward, kaimingNormal, TransformerLM } from "@ansatz/nn";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { activations } from "./activations.ts";
import { Watched } from "./dead-units.ts";
import type { Options, Task } from "./task.ts";

/** A standard deviation of 1/√inputs, as in T5: what an activation is applied to starts with a variance of 1. */
const initializer = kaimingNormal({ nonlinearity: "linear" });

/**
 * A small Transformer without biases, as in Shazeer 2020. A gated feed-forward layer has three matrices instead of two,
 * so its hidden layer is two thirds as wide: equal weights, equal cost.
 */
export function transformer(
  activation: string,
  apply: (typeof activations)[string],
  {
    width,
    context,
    random,
    vocabularySize,
  }: Pick<Options, "width" | "context" | "random"> & { vocabularySize: number },
): TransformerLM {
  const gated = activation === "swiglu";
  return new TransformerLM({
    vocabularySize,
    width,
    context,
    layers: 2,
    heads: 4,
    bias: false,
    feedForward: (features, options) =>
      new (gated ? GatedFeedForward : FeedForward)(features, {
        ...options,
        hidden: gated ? (8 * width) / 3 : 4 * width,
        activation: apply,
        initializer,
        outputInitializer: initializer,
      }),
    random,
  });
}

/** Writing like Moby Dick, character by character. */
export function text(options: Options): Task {
  const { activation, context, batch, steps, learningRate, random } = options;
  const tokenizer = new CharacterTokenizer(mobyDick());
  const [training, validation] = TokenWindows.split(tokenizer.encode(mobyDick()), context, 0.9);
  const order = random.next(); // which windows each step reads
  const watched = new Watched(activations[activation]!);
  const model = transformer(activation, watched.apply, { ...options, vocabularySize: tokenizer.vocabularySize });
  const warmupSteps = Math.ceil(steps / 10);
  const optimizer = new Optimizer(model, adamw, {
    learningRate: warmup(warmupSteps, cosine(learningRate, Math.max(1, steps - warmupSteps))),
    beta2: 0.95,
    weightDecay: 0.1,
  });

  const lossOf = ({ input, target }: TokenBatch) => crossEntropy(model.forward(input), target);
  const train = compile((data: TokenBatch) => {
    const loss = lossOf(data);
    optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
    return loss;
  });
  const dead = compile(({ input }: TokenBatch) => ({ dead: watched.deadIn(() => model.forward(input)) }));
  return {
    parts: { model, optimizer },
    train: (step) => train(training.random(order, step, batch)),
    dead: async () => dead(validation.inOrder(batch).next().value as TokenBatch),
    validate: async () =>
      evaluation(model, (data: TokenBatch) => ({ validationLoss: lossOf(data) }))(validation.inOrder(batch), {
        most: options.validationBatches,
      }),
  };
}
