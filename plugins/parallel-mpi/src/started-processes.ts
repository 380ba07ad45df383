/**
 * How many processes `mpirun` started together with this one: all, and those on this machine. It needs no MPI, and is
 * undefined if `mpirun` did not start this process.
 *
 * @example startedProcesses()?.all ?? 1 // 1
 */
export function startedProcesses(): { readonly all: number; readonly here: number } | undefined {
  const { env } = process;
  const all = env["OMPI_COMM_WORLD_SIZE"] ?? env["PMI_SIZE"];
  if (all === undefined) return undefined;
  const here = env["OMPI_COMM_WORLD_LOCAL_SIZE"] ?? env["MPI_LOCALNRANKS"];
  return { all: Number(all), here: Number(here ?? all) };
}
