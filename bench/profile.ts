/**
 * Shows where the time of a workload's step goes, on onnx: tables, and a flame graph in profile.html.
 *
 *     npx tsx --conditions=source bench/profile.ts WORK [--compiled] [--steps N] [--threads N] [--output FILE]
 */
import { parseArgs } from "node:util";
import { onnx } from "@ansatz/backend-onnx";
import { compile, tensor } from "@ansatz/core";
import { experiment, profileExperiment, profileTable, writeProfilePage } from "@ansatz/lab";
import { works } from "./works/index.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    compiled: { type: "boolean", default: false },
    steps: { type: "string", default: "20" },
    threads: { type: "string" },
    output: { type: "string", default: "profile.html" },
  },
});
const [name = ""] = positionals;
const trained = Object.keys(works).filter((work) => works[work]!.routine !== true);
if (!trained.includes(name)) {
  console.error(`profile.ts needs a workload that is trained step by step: one of ${trained.join(", ")}`);
  process.exit(1);
}

const work = experiment({
  question: "Where does the time go?",
  settings: {},
  async run({ steps, log }) {
    const training = works[name]!.build();
    if ("run" in training) return {};
    const { model, step, batch } = training;
    const inputs = await Promise.all(batch().map(async (x) => tensor(await x.data(), { shape: x.shape })));
    const compiled = compile(step);
    for await (const _step of steps(Infinity, model === undefined ? {} : { model }))
      await log({ loss: values.compiled ? await compiled(...inputs) : step(...inputs) });
    return {};
  },
});
const backend = await onnx(values.threads === undefined ? {} : { threads: Number(values.threads) });
const profile = await profileExperiment(work, { name, backend, steps: Number(values.steps), settings: {} });
await writeProfilePage(values.output, profile);
console.log(`${profileTable(profile)}\n\n${values.output}`);
