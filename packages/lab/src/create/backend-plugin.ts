import { camelCase } from "./letter-case.ts";
import type { PluginKind } from "./plugin-kind.ts";

/** A backend: the reference backend with a count of its runs, as a starting point for another device. */
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

/** A backend that counts how often its programs have run. */
export interface CountingBackend extends Backend {
  readonly runs: number;
}

/**
 * The reference backend with a count of its runs: a starting point for your own backend.
 *
 * Replace \`compile\` first, so that your device compiles the graph. Then replace \`upload\`, \`download\` and
 * \`free\`, so that values live in its memory. A backend that works op by op passes a table of kernels to core's
 * \`interpret\`. Run the conformance suite after each change.
 */
export function ${camelCase(name)}(): CountingBackend {
  const reference = cpu({ name: "${name}" });
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
`,

  test: (name) => `import { cpu } from "@ansatz/backend-cpu";
import { add, realize, tensor, use } from "@ansatz/core";
import { testBackend } from "@ansatz/testkit";
import { expect, test } from "vitest";
import { ${camelCase(name)} } from "./index.ts";

testBackend(${camelCase(name)}, { oracle: cpu });

test("a realization is one run, however many values it computes", async () => {
  const backend = ${camelCase(name)}();
  await use(backend);
  const sum = add(tensor([1, 2]), 3);
  await realize(sum, add(sum, sum));
  expect(backend.runs).toBe(1);
});
`,
};
