import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { use } from "@ansatz/core";
import { fastestBackend, namedBackend, type BackendChoice } from "./choose-backend.ts";
import type { BackendOptions } from "./create-backend.ts";

/** Where backends are looked for by default: from the working folder, then beside the lab. */
export function usualPlaces(): string[] {
  return [process.cwd(), dirname(fileURLToPath(import.meta.url))];
}

/** The backend that `ANSATZ_BACKEND` names, or an empty string. */
export function backendOfEnvironment(): string {
  return process.env["ANSATZ_BACKEND"] ?? "";
}

/**
 * Uses the fastest installed backend that works here, and returns it with the reason. Each backend is measured once on
 * this machine, in its own process, with a small training step. The environment variable `ANSATZ_BACKEND` overrides the
 * choice.
 *
 * @throws UsageError if no backend is installed, or not the one that is named; BackendError if it does not work
 * @example const { backend, reason } = await useFastest();
 */
export async function useFastest(options: BackendOptions = {}): Promise<BackendChoice> {
  const name = backendOfEnvironment();
  const choice =
    name === ""
      ? await fastestBackend(usualPlaces(), options)
      : { backend: await namedBackend(name, usualPlaces(), options), name, reason: `ANSATZ_BACKEND names ${name}` };
  await use(choice.backend);
  return choice;
}
