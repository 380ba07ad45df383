import { cpu } from "@ansatz/backend-cpu";
import type { Backend, Graph, Program } from "@ansatz/core/plugin";

/** A backend that counts how often its programs have run. */
export interface CountingBackend extends Backend {
  readonly runs: number;
}

/**
 * The reference backend with a count of its runs: a starting point for your own backend.
 *
 * Replace `compile` first, so that your device compiles the graph. Then replace `upload`, `download` and
 * `free`, so that values live in its memory. A backend that works op by op passes a table of kernels to core's
 * `interpret`. Run the conformance suite after each change.
 */
export function myBackend(): CountingBackend {
  const reference = cpu({ name: "my-backend" });
  let runs = 0;
  return {
    ...reference,
    compile: async (graph: Graph): Promise<Program> => {
      const program = await reference.compile(graph);
      return {
        ...program,
        run: (inputs) => {
          runs++;
          return program.run(inputs);
        },
      };
    },
    get runs() {
      return runs;
    },
  };
}
