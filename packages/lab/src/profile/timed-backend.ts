import type { Backend, Graph } from "@ansatz/core/plugin";

/** How long the calls of a backend took, in milliseconds, and how often each program ran. */
export interface BackendTimes {
  compiling: number;
  /** Uploads and downloads. */
  moving: number;
  running: number;
  readonly runs: Map<Graph, number>;
}

/** The same backend, which also adds up what its calls take. `compiled` is told of each program. */
export function timedBackend(
  backend: Backend,
  compiled: (graph: Graph) => void,
): { readonly backend: Backend; readonly times: BackendTimes } {
  const times: BackendTimes = { compiling: 0, moving: 0, running: 0, runs: new Map() };
  const during = async <Result>(kind: "compiling" | "moving" | "running", work: () => Promise<Result>) => {
    const started = performance.now();
    try {
      return await work();
    } finally {
      times[kind] += performance.now() - started;
    }
  };
  const timed: Backend = {
    ...backend,
    supports: (op, dtype) => backend.supports(op, dtype),
    async compile(graph) {
      compiled(graph);
      const program = await during("compiling", () => backend.compile(graph));
      return {
        run(inputs) {
          times.runs.set(graph, (times.runs.get(graph) ?? 0) + 1);
          return during("running", () => program.run(inputs));
        },
        dispose: () => program.dispose(),
      };
    },
    upload(data, shape, dtype, sole) {
      const started = performance.now();
      const buffer = backend.upload(data, shape, dtype, sole);
      times.moving += performance.now() - started;
      return buffer;
    },
    download: (buffer) => during("moving", () => backend.download(buffer)),
    free: (buffer) => backend.free(buffer),
    memory: () => backend.memory(),
    dispose: () => backend.dispose(),
  };
  return { backend: timed, times };
}
