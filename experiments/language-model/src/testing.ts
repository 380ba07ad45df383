import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const root = join(import.meta.dirname, "../../..");
const program = join(root, "packages/lab/src/command/index.ts");
const experiment = join(import.meta.dirname, "..");
export const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  scripts: Readonly<Record<"start" | "experiment" | "reproduce" | "ansatz", string>>;
};
/** As `npx pnpm@10 start` sets it for the command. */
const lifecycle = {
  npm_lifecycle_event: "start",
  npm_lifecycle_script: "ansatz run language-model",
  npm_config_user_agent: "pnpm/10",
};

/** A model and a text so small that a whole run takes seconds. */
export const small = {
  width: 16,
  layers: 1,
  heads: 2,
  context: 32,
  batch: 16,
  steps: 400,
  generate: 20,
  dropout: 0.1,
  validationEvery: 100,
  validationBatches: 2,
};
export const tiny = words(small);

/** Settings as command-line words. */
export function words(settings: Readonly<Record<string, number | string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [
    `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    value.toString(),
  ]);
}

/** The main job in its own process, as a user starts it. */
export class Job {
  readonly process: ChildProcess;
  output = "";
  errors = "";

  /**
   * `command` is a command of `ansatz`. With `wrapped` the job runs as `npx pnpm@10 start` runs it, by the script of
   * package.json in a shell, and `process` leads its own process group.
   */
  constructor(folder: string, settings: readonly string[], { command = "run", wrapped = false } = {}) {
    const loader = pathToFileURL(join(root, "node_modules/tsx/dist/loader.mjs")).href;
    const script = scripts.start
      .replace("--import tsx", `--import ${loader}`)
      .replace("packages/lab/src/command/index.ts", program)
      .replace("run language-model", `${command} ${experiment}`);
    const [name, words] = wrapped
      ? ["sh", ["-c", `exec ${script} ${settings.join(" ")}`]]
      : [process.execPath, ["--import", loader, "--conditions=source", program, command, experiment, ...settings]];
    this.process = spawn(name as string, words as string[], {
      cwd: folder,
      detached: wrapped,
      env: { ...process.env, ...lifecycle, NODE_OPTIONS: "" },
    });
    this.process.stdout!.on("data", (text: Buffer) => (this.output += text.toString()));
    this.process.stderr!.on("data", (text: Buffer) => (this.errors += text.toString()));
  }

  /** Its exit status once it has ended, or the name of the signal that ended it. */
  async end(): Promise<number | string> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "close");
    return this.process.exitCode ?? this.process.signalCode ?? "";
  }

  /** Waits until a condition holds, or the job has ended. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds() && this.process.exitCode === null && this.process.signalCode === null)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The metrics of a run: the loss of each step, and the validations by step. */
export function measured(folder: string): { losses: number[]; validations: Record<number, number>; steps: number } {
  const lines = readLines(join(folder, "metrics.jsonl"));
  const losses = lines.flatMap((line) => line["loss"] ?? []);
  const validations = Object.fromEntries(
    lines.flatMap((line) => (line["validationLoss"] === undefined ? [] : [[line["step"]!, line["validationLoss"]]])),
  );
  return { losses, validations, steps: losses.length };
}

function readLines(path: string): Record<string, number>[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, number>);
  } catch {
    return []; // the file does not exist yet
  }
}

/** Everything that must be equal, bit for bit, in two runs with the same settings. */
export function outcome(folder: string): unknown {
  const { losses, validations } = measured(folder);
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const { sha256, step, parts } = JSON.parse(read("checkpoint.json")) as {
    sha256: string;
    step: number;
    parts: { model: { random: unknown }; random: unknown };
  };
  return {
    losses,
    validations,
    weights: sha256,
    step,
    random: [parts.model.random, parts.random],
    result: JSON.parse(read("result.json")) as unknown,
    samples: read("samples.jsonl"),
  };
}
