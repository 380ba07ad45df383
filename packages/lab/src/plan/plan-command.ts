import { columns } from "../columns.ts";
import { jsonOption, printJson, readCommandLine } from "../command/command-line.ts";
import { UsageError, type SettingsDefinition, type SettingsOf } from "../settings.ts";
import { divisionsOf, nameOf, type Division } from "./division.ts";
import { precisions, predict, type PlannedMachine, type PlannedModel, type Prediction } from "./predict.ts";

const positive = { least: 1e-9 } as const;
const counted = { whole: true, least: 1 } as const;
const optional = { default: 0, whole: true, least: 0 } as const;

const options = {
  parameters: { default: 7e9, description: "parameters of the model, such as 7e9", least: 1 },
  layers: { ...optional, description: "its layers; 0 derives them from the parameters, 128 features wide for each" },
  width: { ...optional, description: "features of each position; 0 derives them from the parameters" },
  heads: { ...optional, description: "attention heads; 0 for one per 128 features" },
  context: { default: 2_048, description: "the length of a sequence", unit: "tokens", ...counted },
  batch: { default: 1_024, description: "sequences of a step, over all devices", ...counted },
  microBatch: { default: 1, description: "sequences that a device computes at a time", ...counted },
  precision: {
    default: "mixed",
    description: "of weights and gradients: 16 bits with a copy in float32, or float32",
    choices: ["mixed", "float32"],
  },
  recompute: { default: false, description: "compute the activations again in the backward pass" },
  devices: { default: 64, description: "devices in all", ...counted },
  perMachine: { default: 8, description: "devices of one machine", ...counted },
  flops: { default: 4e14, description: "floating-point operations a second that a device reaches", least: 1 },
  memory: { default: 80, description: "memory of a device", unit: "GiB", ...positive },
  memoryBandwidth: { default: 3_000, description: "what a device reads and writes a second", unit: "GB", ...positive },
  bandwidthWithin: {
    default: 400,
    description: "what a device sends a second to others in its machine",
    unit: "GB",
    ...positive,
  },
  bandwidth: {
    default: 40,
    description: "what a device sends a second to those in other machines",
    unit: "GB",
    ...positive,
  },
  latency: { default: 10, description: "time until a message arrives", unit: "µs", least: 0 },
  overlap: { default: 0, description: "part of the gradients' exchange behind the backward pass", least: 0, most: 1 },
  show: { default: 8, description: "divisions to show", ...counted },
  json: jsonOption,
} as const satisfies SettingsDefinition;

export const usage = {
  usage:
    "ansatz plan [--parameters 7e9 --devices 64 …]    predict step time and memory, for each way to divide the work",
  options,
  names: { what: "nothing", least: 0, most: 0 },
} as const;

/**
 * Runs `ansatz plan` with these words: predicts a training step for each way to divide it among devices, and prints
 * those that fit into their memory, the fastest first.
 * @throws UsageError for words that it cannot read, and if the batch cannot be divided
 */
export async function run(words: readonly string[]): Promise<void> {
  const read = readCommandLine(usage, words);
  if (read === undefined) return;
  const { devices, show, json } = read.options;
  const [model, machine] = [modelOf(read.options), machineOf(read.options)];
  const found = divisionsOf(devices, { ...model, ...machine })
    .map((division) => ({ name: nameOf(division), ...division, ...predict(model, machine, division) }))
    .toSorted((a, b) => Number(b.fits) - Number(a.fits) || a.seconds - b.seconds);
  if (found.length === 0)
    throw new UsageError(
      `a batch of ${model.batch} sequences cannot be divided among ${devices} devices\n` +
        "  choose a batch that is a multiple of the devices, or fewer devices",
    );
  if (json) return printJson({ model, machine, divisions: found });
  console.log(tableOf(model, found, show));
}

function modelOf(read: SettingsOf<typeof options>): PlannedModel {
  const { parameters, context, batch, microBatch, recompute, precision } = read;
  // 12 layers × width² parameters, as in Kaplan et al. 2020, arXiv:2001.08361.
  const derived = read.width > 0 ? parameters / 12 / read.width ** 2 : Math.cbrt(parameters / 12 / 128 ** 2);
  const layers = read.layers || divisible(derived);
  const width = read.width || Math.max(1, Math.round(Math.sqrt(parameters / 12 / layers)));
  const heads = read.heads || divisible(width / 128);
  return { parameters, layers, width, heads, context, batch, microBatch, recompute, bytes: precisions[precision] };
}

/** The nearest whole number that devices can divide: a multiple of 8, if it is not small. */
function divisible(value: number): number {
  return value < 12 ? Math.max(1, Math.round(value)) : 8 * Math.round(value / 8);
}

function machineOf(read: SettingsOf<typeof options>): PlannedMachine {
  const { flops, perMachine, overlap } = read;
  return {
    flops,
    perMachine,
    overlap,
    memory: read.memory * 2 ** 30,
    memoryBandwidth: read.memoryBandwidth * 1e9,
    bandwidthWithin: read.bandwidthWithin * 1e9,
    bandwidth: read.bandwidth * 1e9,
    latency: read.latency * 1e-6,
  };
}

type Found = Division & Prediction & { readonly name: string };

function tableOf({ layers, width, context, batch }: PlannedModel, found: readonly Found[], show: number): string {
  const shape = `${layers} layers of ${width.toLocaleString("en")} features, ${batch} × ${context} tokens a step`;
  const fitting = found.filter(({ fits }) => fits);
  const rows = (fitting.length > 0 ? fitting : found)
    .slice(0, show)
    .map((one) => [
      one.name,
      `${one.data} × ${one.tensor} × ${one.pipeline}`,
      showSeconds(one.seconds),
      showSeconds(one.compute),
      showSeconds(one.gradientExchange + one.activationExchange),
      showSeconds(one.bubble),
      showSeconds(one.update),
      `${(one.memory / 2 ** 30).toPrecision(3)} GiB`,
      `${(100 * one.utilization).toFixed(0)} %`,
    ]);
  const heading = ["", "data × tensor × pipeline", "step", "compute", "exchange", "bubble", "update", "memory", "used"];
  const left = found.length - rows.length;
  const note =
    fitting.length === 0
      ? "none of them fits into the memory of a device; use more devices, smaller micro-batches or --recompute"
      : `${found.length - fitting.length} of ${found.length} divisions do not fit into the memory of a device`;
  return [shape, columns([heading, ...rows], true), left > 0 ? `${note}; --json prints all` : note].join("\n");
}

/** A duration to three digits: `1.23 s`, `45.6 ms`, `0 ms`. */
function showSeconds(seconds: number): string {
  return seconds >= 1 ? `${seconds.toPrecision(3)} s` : `${Number((seconds * 1_000).toPrecision(3))} ms`;
}
