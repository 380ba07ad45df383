/** What a user does outside the workspace: commands in another folder, with packages as they will be published. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/**
 * A user's environment: without what pnpm sets for its scripts. onnxruntime-node's install step fetches the GPU's
 * engine, which nobody needs here.
 */
const environment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS|VITEST|NODE_ENV|CI$)/i.test(name)),
  ),
  ONNXRUNTIME_NODE_INSTALL: "skip",
  TURBO_TELEMETRY_DISABLED: "1",
  NO_COLOR: "1",
};

/** Runs a command in a folder; returns what it prints, or throws it. */
export function run(
  command: string,
  words: readonly string[],
  folder: string,
  variables: NodeJS.ProcessEnv = {},
): string {
  try {
    return execFileSync(command, words, {
      cwd: folder,
      encoding: "utf8",
      stdio: "pipe",
      env: { ...environment, ...variables },
      shell: process.platform === "win32",
    });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${words.join(" ")}\n${stdout}\n${stderr}`, { cause: error });
  }
}

/** The pnpm that runs this test; else the one that npm finds. */
export function pnpm(words: readonly string[], folder: string): string {
  const path = process.env["npm_execpath"];
  return path !== undefined && /pnpm[^/\\]*$/.test(path)
    ? run(process.execPath, [path, ...words], folder)
    : run("npx", ["-y", "pnpm@10", ...words], folder);
}

/** Builds every package and packs it into a folder, as the README says. */
export function packAll(folder: string): void {
  pnpm(["run", "tarballs", folder], root);
}
