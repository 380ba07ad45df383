import { camelCase } from "./letter-case.ts";
import type { PluginKind } from "./plugin-kind.ts";

/** A backend: the reference, whose programs are counted, as a frame to put a device of one's own into. */
export const backendPlugin: PluginKind = {
  noun: "a backend",
  keywords: ["backend"],
  dependencies: ["backend-cpu"],
  devDependencies: [],

  usage: (name, packageName) => `import { add, tensor, use } from "@ansatz/core";
import { ${camelCase(name)} } from "${packageName}";

const backend = ${camelCase(name)}();
await use(backend);
console.log(await add(tensor([1, 2]), 3).array(), backend.runs);`,

  source: (name) => `import { cpu } from "@ansatz/backend-cpu";
import type { Backend, Graph, Program } from "@ansatz/core/plugin";

/** A backend that knows how often its programs have run. */
export interface CountingBackend extends Backend {
  readonly runs: number;
}

/**
 * The reference backend, with its runs counted: a frame for a backend of your own.
 *
 * Replace \`compile\` first, with what your device makes of a graph, then \`upload\`, \`download\` and \`free\` with
 * its memory; a backend that works op by op gives a table of kernels to core's \`interpret\`. The conformance suite
 * says after each change what still holds.
 */
export function ${camelCase(name)}(): CountingBackend {
  const reference = cpu();
  let runs = 0;
  return {
    ...reference,
    name: "${name}",
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
`,

  test: (name) => `import { cpu } from "@ansatz/backend-cpu";
import { add, realize, tensor, use } from "@ansatz/core";
import { testBackend } from "@ansatz/testkit";
import { expect, test } from "vitest";
import { ${camelCase(name)} } from "./index.ts";

testBackend(${camelCase(name)}, { oracle: cpu });

test("a realisation is one run, whatever is in it", async () => {
  const backend = ${camelCase(name)}();
  await use(backend);
  const sum = add(tensor([1, 2]), 3);
  await realize(sum, add(sum, sum));
  expect(backend.runs).toBe(1);
});
`,
};
