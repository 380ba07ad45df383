/**
 * How does the memory of backpropagation through time grow with the length, and how with checkpoints?
 *
 * Chen, Xu, Zhang & Guestrin 2016, arXiv:1604.06174, Section 4: √n checkpoints make the memory of n steps grow with √n.
 * A step is √length: in the picture, growth with the length is a parabola, and growth with its root is a straight line.
 */
import { experiment } from "@ansatz/lab";
import { linearRegression } from "simple-statistics";
import { peakMemory } from "./peak-memory.ts";

export default experiment({
  question: "How does the memory of backpropagation through time grow with the length, and how with checkpoints?",
  paper: "Chen et al. 2016, arXiv:1604.06174",
  step: "√length",
  settings: {
    checkpointed: { default: true, description: "whether states are kept at every √length-th step only" },
    longestRoot: { default: 32, description: "the root of the longest length", whole: true, least: 2 },
    every: { default: 8, description: "between the roots of two lengths", whole: true, least: 1 },
    hidden: { default: 256, description: "features of the LSTM", whole: true, least: 1 },
    batch: { default: 256, description: "sequences at once", whole: true, least: 1 },
  },
  quick: { longestRoot: 8, every: 4, hidden: 8, batch: 2 },
  backend: "onnx",
  baselines: { kept: { checkpointed: false } },
  seeds: 8,

  async run({ settings, steps, log, interrupt }) {
    const known = new Map<number, number>();
    const peakAt = async (root: number): Promise<number> => {
      interrupt.check();
      if (!known.has(root)) known.set(root, await peakMemory({ ...settings, root }));
      return known.get(root)!;
    };
    /** The memory beyond that of four steps. */
    const additional = async (root: number): Promise<number> => (await peakAt(root)) - (await peakAt(2));
    for await (const root of steps(settings.longestRoot, {})) {
      if (root % settings.every === 0) await log({ additionalMiB: await additional(root) });
    }

    const roots = Array.from(
      { length: Math.floor(settings.longestRoot / settings.every) },
      (_, i) => (i + 1) * settings.every,
    );
    const points: [number, number][] = [];
    for (const root of roots) points.push([Math.log(root ** 2), Math.log(await additional(root))]);
    const stateMiB = (2 * 4 * settings.hidden * settings.batch) / 2 ** 20; // hidden state and cell
    return {
      additionalMiB: Math.exp(points.at(-1)![1]),
      exponent: linearRegression(points).m,
      root: roots.at(-1)!,
      stateMiB,
    };
  },

  claims: [
    {
      claim: "with all states kept, memory grows with the length: its exponent",
      value: (_result, { kept }) => kept!.exponent,
      atLeast: 0.85,
      atMost: 1.15,
      paper: "Section 4",
      reported: 1,
    },
    {
      claim: "with √length of them, it grows with the root",
      value: (result) => result.exponent,
      atLeast: 0.35,
      atMost: 0.65,
      paper: "Section 4.1",
      reported: 0.5,
    },
    {
      claim: "at 1,024 steps it is (s + a) √n, with a the memory of a step that is kept: the measured over the formula",
      value: ({ additionalMiB, stateMiB, root }, { kept }) =>
        additionalMiB / ((stateMiB + kept!.additionalMiB / root ** 2) * root),
      atLeast: 0.8,
      atMost: 1.25,
      paper: "Section 4.1",
      reported: 1,
    },
    {
      claim: "at 1,024 steps that is less than a tenth",
      value: (result, { kept }) => result.additionalMiB / kept!.additionalMiB,
      atMost: 0.1,
    },
  ],
});
