/**
 * What do gates buy a recurrent network, at equal parameters?
 *
 * LSTM: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000, with a forget bias of 1 (Jozefowicz, Zaremba &
 * Sutskever 2015). Peepholes: Gers & Schmidhuber 2000. GRU: Cho et al. 2014, arXiv:1406.1078. Compared by Chung et al.
 * 2014, arXiv:1412.3555. Adding and copying as in Arjovsky, Shah & Bengio 2015, arXiv:1511.06464.
 */
import { compile, grad, Optimizer } from "@ansatz/core";
import { evaluation, experiment } from "@ansatz/lab";
import { adam, clipByGlobalNorm, cosine } from "@ansatz/optim";
import { claims } from "./claims.ts";
import { cells, Recurring, type Kind } from "./model.ts";
import { tasks, type Batch } from "./tasks.ts";

/** How long the problems are: the length of sums and texts, and the delay before copying. */
const lengths = { adding: 50, copying: 10, text: 50 } as const;
/** A variant for each task and cell, such as "gruCopying". The experiment itself is the LSTM that adds. */
const variants = Object.entries(lengths).flatMap(([task, length]) =>
  cells.map((cell) => [cell + task[0]!.toUpperCase() + task.slice(1), { task, cell, length }] as const),
);

export default experiment({
  question: "What do gates buy a recurrent network, at equal parameters?",
  paper:
    "Hochreiter & Schmidhuber 1997; Gers & Schmidhuber 2000; Cho et al. 2014, arXiv:1406.1078; Chung et al. 2014, " +
    "arXiv:1412.3555; Arjovsky et al. 2015, arXiv:1511.06464",
  settings: {
    task: { default: "adding", description: "what is learned", choices: Object.keys(tasks) },
    cell: { default: "lstm", description: "the kind of cell", choices: cells },
    parameters: { default: 20_000, description: "the most that the model may have", whole: true, least: 1 },
    length: { default: 50, description: "of sums and texts, and the delay before copying", whole: true, least: 2 },
    batch: { default: 32, description: "sequences a step", whole: true, least: 1 },
    steps: { default: 2_000, description: "updates", whole: true, least: 1 },
    learningRate: { default: 3e-3, description: "of Adam: its peak, from which it falls along a cosine", least: 0 },
    testBatches: { default: 40, description: "batches of unseen sequences", whole: true, least: 1 },
  },
  quick: { parameters: 2_000, length: 10, batch: 8, steps: 40, testBatches: 2 },
  baselines: Object.fromEntries(variants.slice(1)),
  tune: { setting: "learningRate", values: [1e-3, 3e-3, 1e-2], lowest: "loss" },
  seeds: 6,

  async run({ settings, random, steps, log }) {
    const task = tasks[settings.task]!(settings);
    const model = new Recurring(settings.cell as Kind, settings.parameters, task.sizes, random);
    const optimizer = new Optimizer(model, adam, { learningRate: cosine(settings.learningRate, settings.steps) });
    const lossOf = ({ input, target }: Batch) => task.loss(model.forward(task.read(input)), target);
    const train = compile((batch: Batch) => {
      const loss = lossOf(batch);
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
      return loss;
    });
    for await (const _step of steps(settings.steps, { model, optimizer }))
      await log({ [`${settings.task}Loss`]: await train(task.batch(random.next())) });

    const { loss } = await evaluation(model, (batch: Batch) => ({ loss: lossOf(batch) }))(task.unseen(random.next()));
    return { loss, overBaseline: loss / task.baseline };
  },

  claims,
});
