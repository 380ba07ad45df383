import { compilerSettings, json, published, versionOf, type Files, type Workspace } from "./scaffold.ts";

/** A new experiment: a small network that learns a sine, as a starting point for another question. */
export function experimentFiles(name: string, workspace: Workspace | undefined): Files {
  return {
    "package.json": manifest(name, workspace),
    "tsconfig.json": compilerSettings(workspace),
    "README.md": readme(name, workspace),
    "src/index.ts": source,
    "src/index.test.ts": test,
  };
}

const question = "How closely does a small network follow a sine?";

function manifest(name: string, workspace: Workspace | undefined): string {
  const own = versionOf(workspace);
  const packages = ["backend-cpu", "backend-onnx", "core", "lab", "nn", "optim"].map(
    (one) => [`@ansatz/${one}`, own] as const,
  );
  const scripts = {
    types: "tsc",
    lint: "oxlint -c ../../.oxlintrc.json .",
    test: `vitest run --root ../.. --project @ansatz/experiment-${name}`,
  };
  return json({
    name: workspace === undefined ? name : `@ansatz/experiment-${name}`,
    version: "0.0.0",
    private: true,
    description: question,
    license: "MIT",
    type: "module",
    engines: { node: ">=20.19" },
    scripts:
      workspace === undefined
        ? { experiment: "ansatz run .", reproduce: "ansatz reproduce .", types: "tsc", test: "vitest run" }
        : scripts,
    dependencies: Object.fromEntries(packages),
    ...(workspace === undefined
      ? {
          devDependencies: {
            "@types/node": published.nodeTypes,
            typescript: published.typescript,
            vitest: published.vitest,
          },
        }
      : {}),
  });
}

function readme(name: string, workspace: Workspace | undefined): string {
  const [run, reproduce] =
    workspace === undefined
      ? ["npm run experiment --", "npm run reproduce --"]
      : [`npx pnpm@10 experiment ${name}`, `npx pnpm@10 reproduce ${name}`];
  return `# ${name}

${question}

\`\`\`sh
${run} --help            # its settings
${run} --width 8
${reproduce}              # all seeds and baselines; writes RESULTS.md
\`\`\`
`;
}

const source = `/** ${question} */
import { abs, compile, grad, max, mul, Optimizer, sin, sub, tanh, tensor, uniform } from "@ansatz/core";
import { experiment } from "@ansatz/lab";
import { Linear, meanSquaredError, Sequential } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";

export default experiment({
  question: "${question}",
  settings: {
    width: { default: 32, description: "features of the hidden layer", whole: true, least: 1 },
    learningRate: { default: 0.01, description: "learning rate of AdamW", least: 0 },
    batch: { default: 64, description: "points per step", whole: true, least: 1 },
    steps: { default: 600, description: "updates", whole: true, least: 1 },
  },
  quick: { steps: 30 },
  baselines: { narrow: { width: 2 } },

  async run({ settings, random, steps, log }) {
    const { width, learningRate, batch } = settings;
    const model = new Sequential(new Linear(1, width, { random }), tanh, new Linear(width, 1, { random }));
    const optimizer = new Optimizer(model, adamw, { learningRate });

    const train = compile(() => {
      const x = mul(sub(uniform(random.next(), [batch, 1]), 0.5), 2 * Math.PI); // from −π to π
      const loss = meanSquaredError(model.forward(x), sin(x));
      optimizer.update(grad(loss, model.parameters()));
      return loss;
    });

    for await (const _step of steps(settings.steps, { model, optimizer })) await log({ loss: await train() });

    const x = tensor(Array.from({ length: 201 }, (_, i) => [((i - 100) / 100) * Math.PI]));
    return { largestError: await max(abs(sub(model.forward(x), sin(x)))).item() };
  },

  claims: [
    { claim: "it is never far off", value: (result) => result.largestError, atMost: 0.2 },
    {
      claim: "two features are not enough",
      value: (result, { narrow }) => narrow!.largestError - result.largestError,
      moreThan: 0,
    },
  ],
});
`;

const test = `import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { use } from "@ansatz/core";
import { MetricsLog, runExperiment } from "@ansatz/lab";
import { afterAll, expect, test } from "vitest";
import experiment from "./index.ts";

const runs = mkdtempSync(join(tmpdir(), "runs-"));
afterAll(() => rmSync(runs, { recursive: true }));

test("a quick run learns something", async () => {
  await use(cpu());
  const { folder, result } = await runExperiment(experiment, { runs, settings: experiment.quick, output: "quiet" });
  const losses = new MetricsLog(folder).read().map(({ loss }) => loss!);
  expect(losses.at(-1)).toBeLessThan(losses[0]!);
  expect(result.largestError).toBeGreaterThan(0);
});
`;
