import { spawn, type ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { AnsatzError } from "@ansatz/core";
import { InterruptedError } from "./interrupt.ts";
import { duration } from "./progress.ts";

/** How much of the end of a process's output is kept, in characters. */
const kept = 1 << 16;

/** How a process ended: well, stopped by Ctrl-C, or failed, with the end of what it said about that. */
export type Ending =
  | { readonly kind: "ended"; readonly output: string }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly how: string; readonly said: string };

/** Another process, which has no input. */
export class OwnProcess {
  readonly ending: Promise<Ending>;
  readonly #process: ChildProcess;
  #stopping = false;

  /** Starts a program with its words. It is ended after so many milliseconds; 0 for never. */
  constructor([program, ...words]: readonly string[], timeout = 0) {
    this.#process = spawn(program!, words, { stdio: ["ignore", "pipe", "pipe"], timeout });
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      this.#process
        [stream]!.setEncoding("utf8")
        .on("data", (text: string) => (said[stream] = (said[stream] + text).slice(-kept)));
    this.ending = new Promise((resolve) => {
      const fail = (how: string) => resolve({ kind: "failed", how, said: said.stderr.trim() });
      this.#process.on("error", ({ message }) => fail(`could not be started: ${message}`));
      this.#process.on("close", (status, signal) => {
        if (status === 0) resolve({ kind: "ended", output: said.stdout });
        else if (status === 130 || signal === "SIGINT" || this.#stopping) resolve({ kind: "stopped" });
        else if (signal === null) fail(`ended with status ${status}`);
        else if (this.#process.killed) fail(`took longer than ${duration(timeout)}, and was ended`);
        else fail(`was ended by ${signal}; perhaps there was too little memory`);
      });
    });
  }

  /** Asks it to save and stop. It is asked only once: a second signal would end it without saving. */
  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#process.kill("SIGINT");
  }
}

/** A program in a process of its own failed. */
export class ProcessError extends AnsatzError {}

/**
 * Runs a program in a process of its own, which starts with no memory in use and gives back all when it ends. The
 * program is a file of JavaScript or TypeScript. It finds `input` as JSON in `process.argv[2]`, and the last line that
 * it prints is its answer as JSON.
 *
 * @throws ProcessError if it fails, takes longer than `timeout` milliseconds, or prints no answer; InterruptedError
 * after Ctrl-C
 * @example await inOwnProcess("no/such/program.js", {})  // throws
 */
export async function inOwnProcess<Answer>(
  program: URL | string,
  input: unknown,
  { timeout = 0 }: { readonly timeout?: number } = {},
): Promise<Answer> {
  const path = program instanceof URL ? fileURLToPath(program) : program;
  const loader = () => pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const typed = path.endsWith(".ts") ? ["--conditions=source", "--import", loader()] : [];
  const ending = await new OwnProcess([process.execPath, ...typed, path, JSON.stringify(input)], timeout).ending;
  if (ending.kind === "stopped") throw new InterruptedError();
  if (ending.kind === "failed")
    throw new ProcessError(`${path} ${ending.how}\n  ${(ending.said || "it said nothing").replaceAll("\n", "\n  ")}`);
  try {
    return JSON.parse(ending.output.trimEnd().split("\n").at(-1)!) as Answer;
  } catch {
    throw new ProcessError(`${path} printed no JSON\n  print its answer last: console.log(JSON.stringify(answer))`);
  }
}
