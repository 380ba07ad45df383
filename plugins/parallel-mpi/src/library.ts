import { BackendError } from "@ansatz/core";
import koffi, { type LibraryHandle } from "koffi";
import { startedProcesses } from "./started-processes.ts";

/** The functions of MPI that are used. Values travel as bytes, so no other datatype is needed. */
export interface MpiLibrary {
  /** As the library calls itself, such as "Open MPI v4.1.4". */
  readonly name: string;
  rank(): number;
  size(): number;
  /** Tells the others that this process is ready. What it returns says whether all are. */
  arrive(): () => boolean;
  /** Sends the bytes of each process, and receives those of each into one array. Counts and starts are in bytes. */
  allToAll(sent: Layout, received: Layout): void;
  /** Every process receives the bytes of all. */
  allGather(sent: Uint8Array, received: Layout): void;
  /** Every process receives the bytes of rank 0. */
  broadcast(bytes: Uint8Array): void;
  finalize(): void;
  /** Ends all processes. */
  abort(code: number): void;
}

/** Bytes for each process, or from each. */
export interface Layout {
  readonly bytes: Uint8Array;
  readonly counts: Int32Array;
  readonly starts: Int32Array;
}

/** The libraries of Open MPI, and those with MPICH's interface, as systems call them. */
const openMpi = { linux: ["libmpi.so.40", "libmpi.so"], darwin: ["libmpi.40.dylib", "libmpi.dylib"] };
const mpich = {
  linux: ["libmpich.so.12", "libmpi.so.12", "libmpich.so"],
  darwin: ["libmpi.12.dylib", "libmpich.dylib"],
};
/** Where Homebrew puts libraries, beside the loader's own places. */
const places = { linux: [""], darwin: ["", "/opt/homebrew/lib/", "/usr/local/lib/"] };

/**
 * Loads the installed MPI, the one whose `mpirun` started this process, and begins its work.
 *
 * @throws BackendError if there is none, or if `mpirun` is that of another MPI
 */
export function loadMpi(): MpiLibrary {
  const platform = process.platform === "darwin" ? "darwin" : "linux";
  const wanted =
    "OMPI_COMM_WORLD_SIZE" in process.env ? [openMpi] : "PMI_SIZE" in process.env ? [mpich] : [openMpi, mpich];
  const names = wanted.flatMap((kind) =>
    places[platform].flatMap((place) => kind[platform].map((name) => place + name)),
  );
  for (const name of names) {
    const library = loaded(name);
    if (library !== undefined) return begun(library);
  }
  const install = platform === "darwin" ? "brew install mpich" : "apt-get install openmpi-bin";
  throw new BackendError(
    `parallel-mpi: no MPI can be loaded, by the names ${names.join(", ")}\n` +
      `  install one, such as by ${install}; if there is one, LD_LIBRARY_PATH must name the folder of its library`,
  );
}

function loaded(name: string): LibraryHandle | undefined {
  try {
    return koffi.load(name, { global: true });
  } catch {
    return undefined;
  }
}

/** Open MPI's handles are the addresses of symbols, and MPICH's are numbers. */
function handlesOf(library: LibraryHandle) {
  try {
    return {
      type: "void *",
      world: library.symbol("ompi_mpi_comm_world") as unknown,
      byte: library.symbol("ompi_mpi_byte") as unknown,
    };
  } catch {
    return { type: "int", world: 0x44000000, byte: 0x4c00010d };
  }
}

function begun(library: LibraryHandle): MpiLibrary {
  const { type, world, byte } = handlesOf(library);
  const call = (name: string, ...parameters: string[]) => library.func(`MPI_${name}`, "int", parameters);
  const check = (name: string, status: number): void => {
    if (status !== 0) throw new BackendError(`parallel-mpi: MPI_${name} failed with status ${status}`);
  };
  const number = (name: string): number => {
    const found = new Int32Array(1);
    check(name, call(name, type, "int *")(world, found) as number);
    return found[0]!;
  };
  // Only this thread calls MPI, but Open MPI also runs when others release memory, as those of the collector do.
  const level = new Int32Array(1);
  check("Init_thread", call("Init_thread", "void *", "void *", "int", "int *")(null, null, 3, level) as number);
  const text = Buffer.alloc(8_192);
  const length = new Int32Array(1);
  check("Get_library_version", call("Get_library_version", "void *", "int *")(text, length) as number);
  const layout = ["void *", "int *", "int *", type];
  const allToAll = call("Alltoallv", ...layout, ...layout, type);
  const allGather = call("Allgatherv", "void *", "int", type, ...layout, type);
  const broadcast = call("Bcast", "void *", "int", type, "int", type);
  const barrier = call("Ibarrier", type, "void *");
  const test = call("Test", "void *", "int *", "void *");
  const own = {
    name: text.toString("utf8", 0, length[0]).split(/[,\n]/)[0]!.trim(),
    rank: () => number("Comm_rank"),
    size: () => number("Comm_size"),
    arrive(): () => boolean {
      // MPI writes to these between calls, so they are in buffers, which the collector does not move.
      const request = new Uint8Array(new ArrayBuffer(8));
      const [done, status] = [new Int32Array(new ArrayBuffer(4)), new Uint8Array(new ArrayBuffer(64))];
      check("Ibarrier", barrier(world, request) as number);
      return () => {
        check("Test", test(request, done, status) as number);
        return done[0] !== 0;
      };
    },
    allToAll(sent: Layout, received: Layout): void {
      const [given, taken] = [sent, received].map((side) => [side.bytes, side.counts, side.starts, byte]);
      check("Alltoallv", allToAll(...given!, ...taken!, world) as number);
    },
    allGather(sent: Uint8Array, received: Layout): void {
      const taken = [received.bytes, received.counts, received.starts, byte];
      check("Allgatherv", allGather(sent, sent.length, byte, ...taken, world) as number);
    },
    broadcast: (bytes: Uint8Array) => check("Bcast", broadcast(bytes, bytes.length, byte, 0, world) as number),
    finalize: () => check("Finalize", call("Finalize")() as number),
    abort: (code: number) => void call("Abort", type, "int")(world, code),
  };
  const started = startedProcesses()?.all ?? 1;
  if (own.size() === started) return own;
  throw new BackendError(
    `parallel-mpi: ${started} processes were started, but ${own.name} connects ${own.size()}\n` +
      "  start them with the mpirun of that MPI",
  );
}
