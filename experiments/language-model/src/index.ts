import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { onnx } from "@ansatz/backend-onnx";
import { AnsatzError, RandomStream, use } from "@ansatz/core";
import { createRunFolder, describeSettings, drawLossCurve, Interrupt, loadCheckpoint, MetricsLog, parseSettings, readJson, writeJson } from "@ansatz/lab";
import { generate } from "@ansatz/nn";
import { build, train, validation, type Settings } from "./language-model.ts";
import { definition } from "./settings.ts";
import { readText } from "./text.ts";

const command = "npx pnpm@10 start";
const help = `${command} [--SETTING VALUE …]    trains a language model on Moby Dick and lets it write
${command} --resume FOLDER        goes on where a run stopped

${describeSettings(definition)}`;

async function main(words: readonly string[]): Promise<void> {
  if (words.includes("--help") || words.includes("-h")) return console.log(help);
  const resumed = words[0] === "--resume" ? words[1] : undefined;
  const settings = resumed === undefined ? parseSettings(definition, words) : ((await readJson(resumed, "settings.json")) as Settings);
  const text = await readText(settings.vocabularySize, settings.context);
  await use(onnx());
  const { model, optimizer } = build(settings);
  const folder = resumed ?? (await createRunFolder("runs", "language-model"));
  if (resumed === undefined) await writeJson(folder, "settings.json", settings);
  else await loadCheckpoint(folder, model, optimizer);
  await writeJson(folder, "versions.json", { node: process.version, platform: `${process.platform}-${process.arch}`, core: versionOfCore() });
  console.log(`${model.parameterCount().toLocaleString("en")} parameters, ${settings.steps} steps of ${settings.batch * settings.context} tokens, ${relative("", folder)}`);

  using interrupt = new Interrupt();
  const finished = await train(model, optimizer, text, settings, folder, interrupt);
  if (!finished) {
    console.log(`\nstopped after step ${optimizer.step}; everything is saved\n  go on with: ${command} --resume ${relative("", folder)}`);
    process.exitCode = 130;
    return;
  }
  const nats = await validation(model, text)(settings.batch, Infinity);
  const bits = nats / Math.LN2 / text.charactersPerToken;
  const tokens = await generate(model, [...text.tokenizer.encode("\n")], { length: settings.generate, temperature: 0.8, random: new RandomStream(settings.seed) });
  const sample = text.tokenizer.decode(tokens).trim();
  const metrics = new MetricsLog(folder);
  metrics.append({ step: optimizer.step, validationLoss: nats });
  await drawLossCurve(folder, metrics.read(), `Moby Dick, ${model.parameterCount().toLocaleString("en")} parameters, ${settings.optimizer}`);
  await writeJson(folder, "result.json", { validationLoss: nats, bitsPerCharacter: bits });
  await writeFile(join(folder, "sample.txt"), `${sample}\n`);
  console.log(`\nvalidation loss ${nats.toFixed(4)} nats a token, ${bits.toFixed(4)} bits a character\n\n${sample}\n\n${relative("", folder)}: settings, metrics, checkpoint, sample.txt, loss.png`);
}

function versionOfCore(): string {
  const manifest = new URL("../../../packages/core/package.json", import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof AnsatzError)) throw error;
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
}
