/**
 * Measures the overhead of the lab: training steps of the 0.8 M GPT in the lab's loop and in a bare loop, which take
 * turns in blocks of ten with one model. `lab-overhead.ts [STEPS]`
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { compile, grad, key, Optimizer, use, type Tensor } from "@ansatz/core";
import { CharacterTokenizer, mobyDick, TokenWindows } from "@ansatz/data";
import { experiment, runExperiment } from "@ansatz/lab";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { adamw, clipByGlobalNorm } from "@ansatz/optim";

const steps = Number(process.argv[2] ?? 300);
const block = 10;
const folder = mkdtempSync(join(tmpdir(), "overhead-"));
await use(onnx());
const text = mobyDick();
const windows = new TokenWindows(new CharacterTokenizer(text).encode(text), 64);

const times = { bare: [] as number[], lab: [] as number[] };
const overhead = experiment({
  question: "What does the lab cost?",
  settings: { steps },
  async run({ settings, steps, log }) {
    const model = new TransformerLM({ vocabularySize: 89, width: 128, layers: 4, heads: 4, context: 64 });
    const optimizer = new Optimizer(model, adamw, { learningRate: 2e-3 });
    const train = compile((input: Tensor, target: Tensor) => {
      const loss = crossEntropy(model.forward(input), target);
      optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
      return loss;
    });
    const run = (step: number) => {
      const { input, target } = windows.random(key(1), step, 12);
      return train(input, target);
    };
    let started = performance.now();
    for await (const step of steps(settings.steps, { model, optimizer }, { each: { tokens: 12 * 64 } })) {
      await log({ loss: await run(step) });
      if (step % block !== 0) continue;
      times.lab.push((performance.now() - started) / block);
      started = performance.now();
      for (let i = 0; i < block; i++) await (await run(step + i)).item();
      times.bare.push((performance.now() - started) / block);
      started = performance.now();
    }
    return {};
  },
});
await runExperiment(overhead, { folder, output: "quiet" });
rmSync(folder, { recursive: true });

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const [bare, lab] = [times.bare.slice(2), times.lab.slice(2)]; // without the blocks that compile
const differences = bare.map((time, i) => lab[i]! - time);
console.log(
  `a step takes ${median(bare).toFixed(2)} ms bare and ${median(lab).toFixed(2)} ms in the lab; ` +
    `the median of ${bare.length} differences is ${median(differences).toFixed(2)} ms, ` +
    `${((100 * median(differences)) / median(bare)).toFixed(1)} %`,
);
