/**
 * How soon does a small language model read Moby Dick well, on this machine?
 *
 * A race, after the speed runs of Jordan et al. 2024, github.com/KellerJordan/modded-nanogpt. The clock runs from the
 * reading of the text to the last update, compilation included. Each record is a file in `records/`.
 */
import { compile, grad, type Tensor } from "@ansatz/core";
import { CharacterTokenizer, mobyDick, type TokenBatch, TokenWindows } from "@ansatz/data";
import { evaluation, experiment } from "@ansatz/lab";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { clipByGlobalNorm } from "@ansatz/optim";
import { claims, latest, names, type Figures } from "./claims.ts";
import { Clock } from "./clock.ts";
import type { Record } from "./record.ts";
import { records } from "./records/index.ts";

export default experiment({
  question: "How soon does a small language model read Moby Dick well, on this machine?",
  paper: "Jordan et al. 2024, github.com/KellerJordan/modded-nanogpt",
  settings: {
    record: { default: latest, description: "which one trains", choices: names },
    share: { default: 1, description: "of its updates, and of the text to validate on", least: 0.001, most: 1 },
  },
  quick: { share: 0.02 },
  baselines: Object.fromEntries(names.slice(0, -1).map((name) => [name, { record: name }])),
  variant: latest,
  figures: [{ x: "seconds", y: ["validationLoss"], logarithmic: true }],
  seeds: 8,

  async run({ settings, random, steps, log, interrupt }): Promise<Figures> {
    const clock = new Clock();
    const record: Record = records[settings.record as keyof typeof records];
    const text = mobyDick();
    const tokenizer = new CharacterTokenizer(text);
    const [training, validation] = TokenWindows.split(tokenizer.encode(text), record.model.context, 0.9);
    const order = random.next(); // which windows each step reads
    const model = new TransformerLM({ ...record.model, vocabularySize: tokenizer.vocabularySize, random });
    const updates = Math.ceil(settings.share * record.steps);
    const optimizer = record.optimizer(model, updates);

    const train = compile((input: Tensor, target: Tensor) => {
      const loss = crossEntropy(model.forward(input), target);
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
      return loss;
    });
    for await (const step of steps(updates, { model, optimizer, clock })) {
      const { input, target } = training.random(order, step, record.batch);
      await log({ loss: await train(input, target) });
      clock.tick();
    }

    const evaluate = evaluation(model, ({ input, target }: TokenBatch) => ({
      validationLoss: crossEntropy(model.forward(input), target),
    }));
    const most = Math.ceil((settings.share * validation.count) / record.batch);
    const beforeBatch = () => interrupt.check();
    const { validationLoss } = await evaluate(validation.inOrder(record.batch), { most, beforeBatch });
    return { validationLoss, seconds: clock.seconds };
  },

  claims,
});
