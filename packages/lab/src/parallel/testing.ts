import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { MetricsLog } from "../metrics.ts";

const command = join(import.meta.dirname, "../command/index.ts");
export const shared = join(import.meta.dirname, "../testing/shared-experiment.ts");

/** Whether processes can be started and connected here. */
export function hasMpi(): boolean {
  return spawnSync("mpirun", ["--version"]).status === 0;
}

/** The words that start so many processes; the command of each follows. */
function launcher(processes: number): string[] {
  return processes === 0 ? [] : ["mpirun", "--oversubscribe", "-np", `${processes}`];
}

/** `ansatz` in several processes that `mpirun` starts; with 0 processes, in one that it does not. */
export class Job {
  readonly process: ChildProcess;
  output = "";
  errors = "";

  constructor(processes: number | readonly string[], words: readonly string[], cwd: string) {
    const started = typeof processes === "number" ? launcher(processes) : processes;
    const tsx = createRequire(import.meta.url).resolve("tsx");
    const node = [process.execPath, "--conditions=source", "--import", tsx, command, ...words];
    const [program, ...rest] = [...started, ...node];
    // Open MPI otherwise refuses to run as root.
    const allowed = { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };
    this.process = spawn(program!, rest, { cwd, env: { ...process.env, ...allowed, NODE_OPTIONS: "" } });
    this.process.stdout!.on("data", (text: Buffer) => (this.output += text.toString()));
    this.process.stderr!.on("data", (text: Buffer) => (this.errors += text.toString()));
  }

  /** Its exit status once it has ended, or the signal that ended it. */
  async end(): Promise<number | string | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "close");
    return this.process.exitCode ?? this.process.signalCode;
  }

  /** Waits until a condition holds, or the job has ended. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds() && this.process.exitCode === null && this.process.signalCode === null)
      await new Promise((resolve) => setTimeout(resolve, 2));
  }

  /** The process of a rank, found by the variable that Open MPI gives it. Linux only. */
  processOf(rank: number): number {
    const { pid } = this.process;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
    const isRank = (child: number) =>
      readFileSync(`/proc/${child}/environ`, "utf8").split("\0").includes(`OMPI_COMM_WORLD_RANK=${rank}`);
    return children.find(isRank)!;
  }
}

/** The losses of a run, with their steps. */
export function lossesOf(folder: string): (readonly [number, number])[] {
  return new MetricsLog(folder).read().flatMap(({ step, loss }) => (loss === undefined ? [] : [[step, loss] as const]));
}

/** All that must be equal, bit for bit. */
export function outcomeOf(folder: string): unknown {
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Record<string, unknown>;
  const { sha256, step, random, parts } = read("checkpoint.json");
  const { files: _files, ...saved } = parts as Record<string, unknown>;
  return { sha256, step, random, saved, losses: lossesOf(folder), result: read("result.json") };
}
