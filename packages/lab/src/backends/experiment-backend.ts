import type { FoundExperiment } from "../experiment/find-experiment.ts";
import { fastestBackend, namedBackend, type BackendChoice } from "./choose-backend.ts";
import type { BackendOptions } from "./create-backend.ts";
import { backendOfEnvironment } from "./use-fastest.ts";

/**
 * The backend for an experiment, from among those that its package has installed: the one that is asked for, or else the one that the experiment needs, or the one
 * that `ANSATZ_BACKEND` names, or the fastest.
 *
 * @throws UsageError when it is not installed; BackendError when it does not work
 */
export async function backendFor({ file, experiment }: Pick<FoundExperiment, "file" | "experiment">, { asked = "", ...options }: BackendOptions & { readonly asked?: string } = {}): Promise<BackendChoice> {
  const named: readonly (readonly [string, string])[] = [[asked, "it was asked for"], [experiment.backend ?? "", "the experiment needs it"], [backendOfEnvironment(), "ANSATZ_BACKEND names it"]];
  const [name, why] = named.find(([one]) => one !== "") ?? ["", ""];
  return name === "" ? fastestBackend([file], options) : { backend: await namedBackend(name, [file], options), reason: `${name}: ${why}` };
}
