import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { AnsatzError } from "@ansatz/core";
import { experiment } from "../experiment/experiment.ts";

/** An experiment that records each step, saves after it, takes as long as it is told, and may fail. */
export default experiment({
  question: "Where is the parabola lowest?",
  settings: {
    learningRate: { default: 1e-3, description: "where the parabola is measured", least: 0 },
    width: { default: 8, description: "", whole: true, least: 1, most: 64 },
    dropout: 0,
    optimizer: "adamw",
    pause: 0,
    steps: 3,
    fails: false,
  },
  async run({ settings, folder, steps, log }) {
    const figure = (Math.log10(settings.learningRate) + 3) ** 2 + settings.seed / 100;
    for await (const step of steps(settings.steps, {}, { saveEvery: 1 })) {
      appendFileSync(join(folder, "steps-done.txt"), `${step}\n`);
      if (settings.fails && settings.learningRate > 5e-3)
        throw new AnsatzError("the parabola is too steep here\n  stay below");
      await log({ figure: figure + 1 / step });
      await new Promise((resolve) => setTimeout(resolve, settings.pause));
    }
    return { figure };
  },
});
