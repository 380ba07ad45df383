import { camelCase } from "./letter-case.ts";
import type { PluginKind } from "./plugin-kind.ts";

/** A data source: problems drawn from random keys. */
export const dataPlugin: PluginKind = {
  noun: "a data source",
  keywords: ["data"],
  dependencies: [],
  devDependencies: [],

  usage: (name, packageName) => `import { key, use } from "@ansatz/core";
import { cpu } from "@ansatz/backend-cpu";
import { ${camelCase(name)} } from "${packageName}";

await use(cpu());
const { input, order } = ${camelCase(name)}(key(1), { batch: 2, length: 4 });
console.log(await input.array(), await order.array());`,

  source: (name) => `import { sort, uniform, type RandomKey, type Tensor } from "@ansatz/core";

/** Numbers, and the order that sorts them. */
export interface Problems {
  readonly input: Tensor; // [batch, length]
  readonly order: Tensor; // [batch, length] of int32
}

/**
 * Problems for a network that learns to sort. Describe your own data here, and where they come from.
 *
 * They depend on the key alone, so a resumed run sees the same problems as an uninterrupted one.
 */
export function ${camelCase(name)}(
  key: RandomKey,
  { batch, length }: { readonly batch: number; readonly length: number },
): Problems {
  const input = uniform(key, [batch, length]);
  return { input, order: sort(input).indices };
}
`,

  test: (name) => `import { cpu } from "@ansatz/backend-cpu";
import { key, takeAlongAxis, use } from "@ansatz/core";
import { beforeAll, expect, test } from "vitest";
import { ${camelCase(name)} } from "./index.ts";

beforeAll(() => use(cpu()));

test("the order sorts the numbers", async () => {
  const { input, order } = ${camelCase(name)}(key(1), { batch: 3, length: 8 });
  const sorted = (await takeAlongAxis(input, order, 1).array()) as number[][];
  for (const row of sorted) expect(row).toEqual(row.toSorted((a, b) => a - b));
});

test("the same key gives the same problems, and another key gives others", async () => {
  const numbers = async (seed: number) => ${camelCase(name)}(key(seed), { batch: 1, length: 4 }).input.array();
  expect(await numbers(1)).toEqual(await numbers(1));
  expect(await numbers(1)).not.toEqual(await numbers(2));
});
`,
};
