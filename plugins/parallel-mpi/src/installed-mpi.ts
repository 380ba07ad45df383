/** The MPIs that the tests run with: the one on the PATH, and an MPICH that `npx pnpm@10 mpi` installs. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** The version of the Python package that holds MPICH. */
export const mpichVersion = "5.0.2";

/** Where `npx pnpm@10 mpi` installs MPICH, once for all clones. */
export function mpichFolder(): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(cache, "ansatz", `mpich-${mpichVersion}`);
}

export interface InstalledMpi {
  readonly name: string;
  readonly mpirun: string;
  readonly words: readonly string[];
  readonly variables: NodeJS.ProcessEnv;
}

/** Open MPI otherwise refuses more processes than cores, and to run as root. */
const openMpi = {
  words: ["--oversubscribe"],
  variables: { OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" },
};

export function installedMpis(): InstalledMpi[] {
  const found: InstalledMpi[] = [];
  try {
    const version = execFileSync("mpirun", ["--version"], { encoding: "utf8", stdio: "pipe" });
    const kind = version.includes("Open MPI") ? openMpi : { words: [], variables: {} };
    found.push({ name: "the MPI on the PATH", mpirun: "mpirun", ...kind });
  } catch {
    // there is none
  }
  const folder = mpichFolder();
  if (existsSync(folder)) {
    const libraries = [join(folder, "lib"), process.env["LD_LIBRARY_PATH"]].filter(Boolean).join(":");
    const variables = { LD_LIBRARY_PATH: libraries };
    found.push({ name: "MPICH", mpirun: join(folder, "bin/mpirun"), words: [], variables });
  }
  return found;
}
