import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { use } from "@ansatz/core";
import { fastestBackend, namedBackend, type BackendChoice } from "./choose-backend.ts";
import type { BackendOptions } from "./create-backend.ts";

/** Where backends are looked for that nobody's package asks for: from the working folder, then beside the lab. */
export function usualPlaces(): string[] {
  return [process.cwd(), dirname(fileURLToPath(import.meta.url))];
}

/** The backend that `ANSATZ_BACKEND` names; empty for none. */
export function backendOfEnvironment(): string {
  return process.env["ANSATZ_BACKEND"] ?? "";
}

/**
 * Uses the fastest backend that is installed and works here, and says which and why: each is measured once on this
 * machine, in a process of its own, by a small training step. The environment variable `ANSATZ_BACKEND` names another.
 *
 * @throws UsageError when none, or not the one named, is installed; BackendError when it does not work
 * @example const { backend, reason } = await useFastest();
 */
export async function useFastest(options: BackendOptions = {}): Promise<BackendChoice> {
  const name = backendOfEnvironment();
  const choice =
    name === ""
      ? await fastestBackend(usualPlaces(), options)
      : { backend: await namedBackend(name, usualPlaces(), options), reason: `ANSATZ_BACKEND names ${name}` };
  await use(choice.backend);
  return choice;
}
