/**
 * Which update rule learns most, for its steps, its time and its memory?
 *
 * Every rule trains the same models on the same batches, with the rate that suits it best: a small language model, a
 * convolutional network and an ill-conditioned quadratic. Loshchilov & Hutter 2017, arXiv:1711.05101 (AdamW); Shazeer &
 * Stern 2018, arXiv:1804.04235 (Adafactor); You et al. 2019, arXiv:1904.00962 (LAMB); Chen et al. 2023,
 * arXiv:2302.06675 (Lion); Liu et al. 2023, arXiv:2305.14342 (Sophia); Defazio et al. 2024, arXiv:2405.15682
 * (schedule-free); Jordan et al. 2024 (Muon); Pagliardini et al. 2024, arXiv:2409.03137 (AdEMAMix); Vyas et al. 2024,
 * arXiv:2409.11321 (SOAP); Li et al. 2025, arXiv:2510.05491 (NorMuon).
 */
import { compile, grad, RandomStream } from "@ansatz/core";
import { experiment } from "@ansatz/lab";
import { averaged } from "@ansatz/optim";
import { winRate } from "@ansatz/optim-sophia";
import { claims } from "./claims.ts";
import { copiesOf, freedState, shareMovedBy } from "./measures.ts";
import { Progress } from "./progress.ts";
import { arms, optimizerOf } from "./rules.ts";
import { tasks, type Batch } from "./tasks.ts";
import { baselines } from "./variants.ts";

export default experiment({
  question: "Which update rule learns most, for its steps, its time and its memory?",
  paper:
    "Chen et al. 2023; Liu et al. 2023; Jordan et al. 2024; Vyas et al. 2024; Pagliardini et al. 2024; Li et al. 2025",
  settings: {
    rule: { default: "adamw", description: "how parameters are updated", choices: Object.keys(arms) },
    task: { default: "gpt", description: "what is learned", choices: Object.keys(tasks) },
    rate: { default: 1, description: "the learning rate, as a multiple of the rule's usual one", least: 0 },
    steps: { default: 400, description: "steps; the rate falls along a cosine over them", whole: true, least: 20 },
    batch: { default: 12, description: "sequences or images a step", whole: true, least: 1 },
    width: { default: 64, description: "features of the Transformer and of the dense layer", whole: true, least: 4 },
    validationBatches: { default: 8, description: "batches to validate on", whole: true, least: 1 },
  },
  quick: { steps: 20, batch: 2, width: 8, validationBatches: 1 },
  baselines,
  tune: { setting: "rate", values: [0.25, 0.5, 1, 2, 4], lowest: "loss" },
  seeds: 5,
  plotsBy: "task",
  figures: [
    { x: "stepsToTarget", y: ["loss"] },
    { x: "secondsToTarget", y: ["loss"] },
    { x: "stateBytes", y: ["loss"] },
  ],

  async run({ settings, random, steps, log }) {
    const arm = arms[settings.rule]!;
    const task = tasks[settings.task]!({ ...settings, random });
    const { model } = task;
    const parameters = model.parameters();
    const optimizer = optimizerOf(arm, task, settings.rate, settings.steps);
    const [progress, sampling] = [new Progress(), new RandomStream(random.next())];
    const programOf = (kind: "plain" | "observed" | "first") =>
      compile((batch: Batch) => {
        const losses = task.losses(batch);
        const gradients = grad(losses.loss, parameters);
        if (kind === "observed") arm.observe!({ optimizer, losses, gradients, parameters, random: sampling });
        if (kind === "first") arm.start!(optimizer, gradients);
        else optimizer.update(gradients);
        return losses.loss;
      });
    const programs = { plain: programOf("plain"), observed: programOf("observed"), first: programOf("first") };
    const kindOf = (step: number): keyof typeof programs =>
      step === 1 && arm.start !== undefined
        ? "first"
        : step % 10 === 1 && arm.observe !== undefined
          ? "observed"
          : "plain";
    const validate = () => (arm.means === true ? averaged(optimizer, parameters, task.validate) : task.validate());

    let movedByRate = 0;
    for await (const step of steps(settings.steps, { model, optimizer, progress, sampling, ...task.parts })) {
      const middle = step === Math.ceil(settings.steps / 2);
      const before = middle ? await copiesOf(parameters) : [];
      const batch = await task.batch(step);
      const start = performance.now();
      const loss = await programs[kindOf(step)](batch);
      await loss.item();
      if (step > 11) progress.took((performance.now() - start) / 1000); // each program is compiled by then
      if (middle) movedByRate = shareMovedBy(optimizer.learningRate, before, await copiesOf(parameters));
      const due = step % Math.ceil(settings.steps / 20) === 0 || step === settings.steps;
      if (due) progress.validated(step, await validate());
      await log({ loss, ...(due && { validationLoss: progress.loss }) });
    }

    const stepsToTarget = progress.stepsTo(task.target);
    const unclipped = settings.rule.startsWith("sophia") ? await winRate(optimizer, parameters).item() : 1;
    return {
      loss: progress.loss,
      stepsToTarget,
      gradientsToTarget: stepsToTarget * (1 + (arm.cost ?? 0) / 10),
      secondsPerStep: progress.secondsPerStep,
      secondsToTarget: stepsToTarget * progress.secondsPerStep,
      stateBytes: freedState(optimizer, parameters),
      movedByRate,
      unclipped,
    };
  },

  claims,
});
