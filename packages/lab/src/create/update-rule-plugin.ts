import { camelCase } from "./letter-case.ts";
import type { PluginKind } from "./plugin-kind.ts";

/** An update rule: momentum, in the notation of its paper. */
export const updateRulePlugin: PluginKind = {
  noun: "an update rule",
  keywords: ["optimizer"],
  dependencies: [],
  devDependencies: [],

  usage: (
    name,
    packageName,
  ) => `import { grad, mean, Optimizer, parameter, realize, square, tensor, use } from "@ansatz/core";
import { cpu } from "@ansatz/backend-cpu";
import { ${camelCase(name)} } from "${packageName}";

await use(cpu());
const weight = parameter(tensor([1, -2]));
const optimizer = new Optimizer([weight], ${camelCase(name)}, { learningRate: 0.01 });
const loss = mean(square(weight));
optimizer.update(grad(loss, [weight]));
await realize(loss);`,

  source: (name) => `import { add, mul, sub, zerosLike } from "@ansatz/core";
import { updateRule } from "@ansatz/core/plugin";

/**
 * Gradient descent with momentum. Polyak 1964. Cite the paper of your own rule here, and write its algorithm below.
 *
 *   m ← μ m + g      θ ← θ − η m
 */
export const ${camelCase(name)} = updateRule({
  name: "${name}",
  spec: 1,
  hyper: { momentum: 0.9 },
  state: (θ) => ({ m: zerosLike(θ) }),
  update({ θ, g, m, learningRate: η, momentum: μ }) {
    const next = add(mul(μ, m), g);
    return { θ: sub(θ, mul(η, next)), m: next };
  },
});
`,

  test: (name) => `import { cpu } from "@ansatz/backend-cpu";
import { grad, mul, Optimizer, parameter, realize, sum, tensor, use } from "@ansatz/core";
import { testUpdateRule } from "@ansatz/testkit";
import { expect, test } from "vitest";
import { ${camelCase(name)} } from "./index.ts";

testUpdateRule(${camelCase(name)}, cpu);

test("the second step builds on the first one", async () => {
  await use(cpu());
  const weight = parameter(tensor([1]));
  const optimizer = new Optimizer([weight], ${camelCase(name)}, { learningRate: 0.25, momentum: 0.5 });
  for (const gradient of [2, 1]) {
    optimizer.update(grad(sum(mul(weight, gradient)), [weight]));
    await realize();
  }
  // m = 2, then ½ · 2 + 1 = 2: twice a quarter of 2.
  expect([...(await weight.data())]).toEqual([0]);
});
`,
};
