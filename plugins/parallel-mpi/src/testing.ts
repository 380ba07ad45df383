import { spawnSync } from "node:child_process";

/** How the tests start processes: by the `mpirun` on the PATH. */
export interface InstalledMpi {
  readonly words: readonly string[];
  readonly variables: NodeJS.ProcessEnv;
}

/** The MPI on the PATH; undefined if there is none. Open MPI otherwise refuses more processes than cores, and root. */
export function installedMpi(): InstalledMpi | undefined {
  const { status, stdout } = spawnSync("mpirun", ["--version"], { encoding: "utf8" });
  if (status !== 0) return undefined;
  if (!stdout.includes("Open MPI")) return { words: [], variables: {} };
  const variables = { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };
  return { words: ["--oversubscribe"], variables };
}
