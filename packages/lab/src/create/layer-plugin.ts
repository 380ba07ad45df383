import { pascalCase } from "./letter-case.ts";
import type { PluginKind } from "./plugin-kind.ts";

/** A layer: a scale and a shift for each feature. */
export const layerPlugin: PluginKind = {
  noun: "a layer",
  keywords: ["layer"],
  dependencies: [],
  devDependencies: [],

  usage: (name, packageName) => `import { tensor, use } from "@ansatz/core";
import { cpu } from "@ansatz/backend-cpu";
import { ${pascalCase(name)} } from "${packageName}";

await use(cpu());
const layer = new ${pascalCase(name)}(2);
console.log(await layer.forward(tensor([[1, 2], [3, 4]])).array());`,

  source: (name) => `import {
  add,
  Module,
  mul,
  ones,
  parameter,
  ShapeError,
  zeros,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";

/**
 * A scale and a shift for each feature: y = x ⊙ γ + β. Write the equation of your own layer here, and its paper.
 *
 * @throws ShapeError if the last axis of the input does not have its number of features
 */
export class ${pascalCase(name)} extends Module {
  readonly weight: Parameter; // γ  [features]
  readonly bias: Parameter; // β  [features]

  constructor(features: number) {
    super();
    this.weight = parameter(ones([features]));
    this.bias = parameter(zeros([features]));
  }

  forward(x: Tensor): Tensor { // [..., features] -> [..., features]
    const [features] = this.weight.shape;
    if (x.shape.at(-1) !== features)
      throw new ShapeError(
        \`${pascalCase(name)}: the input is \${showShape(x.shape)}, but its last axis must be \${features}\`,
      );
    return add(mul(x, this.weight), this.bias);
  }
}
`,

  test: (name) => `import { cpu } from "@ansatz/backend-cpu";
import { key, normal, ones, ShapeError, tensor, use } from "@ansatz/core";
import { testModule } from "@ansatz/testkit";
import { expect, test } from "vitest";
import { ${pascalCase(name)} } from "./index.ts";

testModule(() => new ${pascalCase(name)}(3), () => [normal(key(1), [4, 3])], cpu);

test("each feature has its own scale and shift", async () => {
  await use(cpu());
  const layer = new ${pascalCase(name)}(2);
  layer.weight.load(Float32Array.of(2, -1));
  layer.bias.load(Float32Array.of(0, 10));
  expect(await layer.forward(tensor([[1, 2], [3, 4]])).array()).toEqual([[2, 8], [6, 6]]);
  expect(() => layer.forward(ones([4, 3]))).toThrow(ShapeError);
});
`,
};
