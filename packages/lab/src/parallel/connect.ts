import { availableParallelism, cpus } from "node:os";
import { pathToFileURL } from "node:url";
import type { Communicator } from "@ansatz/core";
import { usualPlaces } from "../backends/use-fastest.ts";
import { findPackage } from "../backends/installed.ts";
import { UsageError } from "../settings.ts";

/** The package that connects processes. Only runs that ask for it load it. */
const wanted = "@ansatz/parallel-mpi";

/** What it exports. */
interface ParallelPackage {
  mpi(): Communicator;
  startedProcesses(): { readonly all: number; readonly here: number } | undefined;
}

/** The processes that `mpirun` started. */
export interface Connected {
  readonly communicator: Communicator;
  /** The threads that each may use, so that those on this machine share its cores. */
  readonly threads: number;
}

/**
 * Connects this process with the others that `mpirun` started. `command` is what the user typed, and `places` are where
 * the package that connects them is looked for.
 *
 * @throws UsageError if the package that connects them is not installed, or if `mpirun` did not start this process;
 * BackendError if no MPI can be loaded
 */
export async function connect(command: string, places: readonly string[] = usualPlaces()): Promise<Connected> {
  const found = findPackage(wanted, places);
  if (found === undefined)
    throw new UsageError(
      `--parallel needs ${wanted}, which is not installed here\n` +
        `  install it: npm install ${wanted}, and an MPI such as apt-get install openmpi-bin`,
    );
  const { mpi, startedProcesses } = (await import(pathToFileURL(found.entry).href)) as ParallelPackage;
  const started = startedProcesses();
  if (started === undefined)
    throw new UsageError(
      `--parallel divides each batch among processes, which mpirun starts\n  start them: mpirun -np 4 ${command}`,
    );
  const share = Math.floor(cpus().length / started.here);
  return { communicator: mpi(), threads: Math.max(1, Math.min(share, availableParallelism())) };
}
