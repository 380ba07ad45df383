import { relative } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { AnsatzError, ArgumentError, RandomStream, use } from "@ansatz/core";
import { describeSettings, drawLossCurve, hasCheckpoint, Interrupt, InterruptedError, loadCheckpoint, MetricsLog, parseSettings, writeJson, writeText } from "@ansatz/lab";
import { generate, type TransformerLM } from "@ansatz/nn";
import { build, train, validation, type Settings } from "./language-model.ts";
import { createRun, readRun, versions } from "./run.ts";
import { definition } from "./settings.ts";
import { readText, type Text } from "./text.ts";

const command = "npx pnpm@10 start";
const help = `${command} [--SETTING VALUE …]    trains a language model on Moby Dick and lets it write
${command} --resume FOLDER        goes on where a run stopped

${describeSettings(definition)}`;

async function main(words: readonly string[]): Promise<void> {
  if (words.includes("--help") || words.includes("-h")) return console.log(help);
  const run = words[0] === "--resume" ? await readRun(words.slice(1)) : undefined;
  if (run === undefined && words.includes("--resume")) throw new ArgumentError("--resume comes first, with a folder and nothing else\n  a run goes on with its own settings");
  const settings = run?.settings ?? parseSettings(definition, words);
  const text = await readText(settings.vocabularySize, settings.context, settings.batch);
  await use(onnx());
  const { model, optimizer } = build(settings);
  const folder = run?.folder ?? (await createRun(settings));
  if (hasCheckpoint(folder)) await loadCheckpoint(folder, model, optimizer);
  await writeJson(folder, "versions.json", versions());
  console.log(`${model.parameterCount().toLocaleString("en")} parameters, ${settings.steps} steps of ${settings.batch * settings.context} tokens, ${relative("", folder)}`);

  using interrupt = new Interrupt();
  const goOn = `go on with: ${command} --resume ${relative("", folder)}`;
  try {
    await train(model, optimizer, text, settings, folder, interrupt);
    await conclude(model, text, settings, folder, interrupt);
  } catch (error) {
    if (!(error instanceof AnsatzError)) throw error;
    const stopped = error instanceof InterruptedError;
    if (stopped) console.log(`\nstopped after step ${optimizer.step}; everything is saved\n  ${goOn}`);
    else console.error(`\n${error.name}: ${error.message}\n  ${goOn}`);
    process.exitCode = stopped ? 130 : 1;
  }
}

/** Measures what the model has learned, lets it write, and draws its loss; `result.json` is written last. */
async function conclude(model: TransformerLM, text: Text, settings: Settings, folder: string, interrupt: Interrupt): Promise<void> {
  const nats = await validation(model, text, interrupt)(settings.batch, Infinity);
  const bits = nats / Math.LN2 / text.charactersPerToken;
  const tokens = await generate(model, [...text.tokenizer.encode("\n")], { length: settings.generate, temperature: 0.8, random: new RandomStream(settings.seed), onToken: () => interrupt.check() });
  const sample = text.tokenizer.decode(tokens).trim();
  const metrics = new MetricsLog(folder);
  metrics.append({ step: settings.steps, validationLoss: nats });
  await writeText(folder, "sample.txt", sample);
  await drawLossCurve(folder, metrics.read(), `Moby Dick, ${model.parameterCount().toLocaleString("en")} parameters, ${settings.optimizer}`);
  await writeJson(folder, "result.json", { validationLoss: nats, bitsPerCharacter: bits });
  console.log(`\nvalidation loss ${nats.toFixed(4)} nats a token, ${bits.toFixed(4)} bits a character\n\n${sample}\n\n${relative("", folder)}: settings, metrics, checkpoint, sample.txt, loss.png`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof AnsatzError)) throw error;
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
}
