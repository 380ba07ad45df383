import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BackendError } from "@ansatz/core";
import { describe, expect, test, vi } from "vitest";
import { communicatorOf } from "./communicator.ts";
import { mpi, startedProcesses } from "./index.ts";
import type { Layout, MpiLibrary } from "./library.ts";
import { installedMpi } from "./testing.ts";

const installed = installedMpi();
if (installed === undefined)
  console.warn("SKIPPED: there is no mpirun here, which apt-get install openmpi-bin would bring");

interface Trained {
  readonly size: number;
  readonly first: number;
  readonly losses: readonly number[];
  readonly weights: readonly (readonly number[])[];
}

const tsx = createRequire(import.meta.url).resolve("tsx");
const program = join(import.meta.dirname, "train-process.ts");

/** Trains in some processes; returns what each came to, by rank, and how the command ended. */
function train(processes: number, ...words: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "ranks-"));
  const node = [process.execPath, "--conditions=source", "--import", tsx, program, folder, ...words];
  const { status, stderr } = spawnSync("mpirun", [...installed!.words, "-n", String(processes), ...node], {
    env: { ...process.env, ...installed!.variables },
    encoding: "utf8",
    timeout: 300_000,
  });
  const ranks = readdirSync(folder)
    .toSorted()
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Trained);
  rmSync(folder, { recursive: true });
  return { status, stderr, ranks };
}

describe.skipIf(installed === undefined)("processes of mpirun", () => {
  test.each([
    ["cpu", 2],
    ["onnx", 4],
  ])(
    "%s: %i processes learn what one does, each with the same bits, every time",
    (backend, processes) => {
      const [alone, several, again] = [1, processes, processes].map((count) => {
        const { status, stderr, ranks } = train(count, backend, "12");
        expect(status, stderr).toBe(0);
        return ranks;
      });
      expect(several!.map(({ size }) => size)).toEqual(Array(processes).fill(processes));
      const [first] = several!;
      for (const rank of [...several!, ...again!]) expect(rank).toEqual(first);
      expect(first!.first).toBe(1); // rank 0 broadcast its own
      for (const [i, loss] of first!.losses.entries())
        expect(Math.abs(loss - alone![0]!.losses[i]!)).toBeLessThan(1e-5);
      for (const [i, weight] of first!.weights.flat().entries())
        expect(Math.abs(weight - alone![0]!.weights.flat()[i]!)).toBeLessThan(1e-5);
    },
    900_000,
  );

  test("a process that fails ends all", () => {
    const { status, stderr, ranks } = train(2, "cpu", "1000000", "3");
    expect(status).toBeGreaterThan(0);
    expect(stderr).toMatch(/rank 1 of 2 failed[^]*rank 1 fails at step 3/);
    expect(ranks).toEqual([]);
  }, 300_000);
});

test("processes that another MPI started are not taken for single ones", () => {
  if (installed === undefined) return expect(() => mpi()).toThrow(BackendError);
  const code = `import { mpi } from ${JSON.stringify(join(import.meta.dirname, "index.ts"))}; mpi();`;
  const { stderr } = spawnSync(
    process.execPath,
    ["--conditions=source", "--import", tsx, "--input-type=module", "-e", code],
    {
      env: { ...process.env, ...installed.variables, PMI_SIZE: undefined, OMPI_COMM_WORLD_SIZE: "3" },
      encoding: "utf8",
    },
  );
  expect(stderr).toMatch(/parallel-mpi: (3 processes were started, but .* connects 1|no MPI can be loaded)/);
}, 60_000);

test.each([
  ["no mpirun", {}, undefined],
  ["Open MPI", { OMPI_COMM_WORLD_SIZE: "6", OMPI_COMM_WORLD_LOCAL_SIZE: "2" }, { all: 6, here: 2 }],
  ["MPICH", { PMI_SIZE: "4", MPI_LOCALNRANKS: "4" }, { all: 4, here: 4 }],
  ["an MPI that does not say how many are here", { PMI_SIZE: "3" }, { all: 3, here: 3 }],
])("%s tells how many processes it started", (_name, variables, started) => {
  const names = ["OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS"];
  for (const name of names) vi.stubEnv(name, (variables as Record<string, string>)[name]);
  expect(startedProcesses()).toEqual(started);
  vi.unstubAllEnvs();
});

/** Rank 0 of 2 without a library: the other process has three times the values of this one. */
function triple(): MpiLibrary & { readonly moved: number[] } {
  let sent: Layout | undefined;
  let asked = 0;
  const moved: number[] = [];
  const numbers = ({ bytes, counts, starts }: Layout, rank: number) =>
    new Float32Array(bytes.buffer, bytes.byteOffset + starts[rank]!, counts[rank]! / 4);
  return {
    name: "triple",
    moved,
    rank: () => 0,
    size: () => 2,
    arrive: () => () => ++asked % 5 === 0, // the other process is late
    allToAll(given, received) {
      sent = { ...given, bytes: given.bytes.slice() };
      moved.push(given.bytes.length);
      numbers(received, 0).set(numbers(given, 0));
      numbers(received, 1).set(numbers(given, 0).map((value) => 3 * value));
    },
    allGather(own, received) {
      numbers(received, 0).set(new Float32Array(own.buffer, own.byteOffset, own.length / 4));
      numbers(received, 1).set(numbers(sent!, 1).map((value) => 4 * value));
    },
    broadcast: (bytes) => void moved.push(bytes.length),
    finalize: () => undefined,
    abort: () => undefined,
  };
}

test.each([1, 2, 5, 8])("%i values are summed in calls that are short enough", async (length) => {
  const library = triple();
  const communicator = communicatorOf(library, 16); // four values a call
  const values = Float32Array.from({ length }, (_, i) => i + 1);
  await communicator.sum(values);
  expect([...values]).toEqual(Array.from({ length }, (_, i) => 4 * (i + 1)));
  expect(Math.max(...library.moved)).toBeLessThanOrEqual(16);
  expect(library.moved.reduce((a, b) => a + b)).toBe(4 * length);
  await communicator.broadcast(values);
  expect(library.moved.reduce((a, b) => a + b)).toBe(8 * length);
});
