import type { FoundExperiment } from "../experiment/find-experiment.ts";
import { fastestBackend, namedBackend, type BackendChoice } from "./choose-backend.ts";
import type { BackendOptions } from "./create-backend.ts";
import { backendOfEnvironment, usualPlaces } from "./use-fastest.ts";

/**
 * The backend for an experiment: the one that is asked for, or else the one that the experiment needs, or else the one
 * that `ANSATZ_BACKEND` names. Each is looked for beside the experiment, then where the command runs. Without any of
 * these it is the fastest backend that the experiment's package has installed. With 0 threads the backend chooses how
 * many it uses.
 *
 * @throws UsageError if it is not installed; BackendError if it does not work
 */
export async function backendFor(
  { file, experiment }: Pick<FoundExperiment, "file" | "experiment">,
  { asked = "", threads = 0 }: BackendOptions & { readonly asked?: string } = {},
): Promise<BackendChoice> {
  const options: BackendOptions = threads === 0 ? {} : { threads };
  const named: readonly (readonly [string, string])[] = [
    [asked, "it was asked for"],
    [experiment.backend ?? "", "the experiment needs it"],
    [backendOfEnvironment(), "ANSATZ_BACKEND names it"],
  ];
  const [name, why] = named.find(([one]) => one !== "") ?? ["", ""];
  return name === ""
    ? fastestBackend([file], options)
    : { backend: await namedBackend(name, [file, ...usualPlaces()], options), name, reason: `${name}: ${why}` };
}
