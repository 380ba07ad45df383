/** Data parallel training in processes that an installed MPI starts and connects. */
import type { Communicator } from "@ansatz/core";
import { communicatorOf } from "./communicator.ts";
import { loadMpi } from "./library.ts";

export { startedProcesses } from "./started-processes.ts";

let connected: Communicator | undefined;

/**
 * The processes that `mpirun` started, connected by the installed Open MPI or MPICH. Each call gives the same object.
 *
 * A sum has the same bits in every process and every run. A process that ends with an error ends all others. One that
 * was not started by `mpirun` is alone.
 *
 * @throws BackendError if no MPI is installed, with the package that has one, or if another one's `mpirun` was used
 * @example if ("OMPI_COMM_WORLD_SIZE" in process.env) console.log(mpi().rank); // mpirun -n 4 node train.js
 */
export function mpi(): Communicator {
  if (connected === undefined) {
    const library = loadMpi();
    const { rank, size } = (connected = communicatorOf(library));
    // Node prints an error only after `exit`, when the process is gone.
    process.on("uncaughtExceptionMonitor", (error) => console.error(`rank ${rank} of ${size} failed:\n${error.stack}`));
    process.on("exit", (code) => (code === 0 ? library.finalize() : library.abort(code)));
  }
  return connected;
}
