/** Measures one workload on one engine and prints the result as JSON. It is started as a new process. */
import { readFileSync } from "node:fs";
import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { tfjsNode } from "@ansatz/backend-tfjs-node";
import { wasm } from "@ansatz/backend-wasm";
import { compile, realize, tensor, use } from "@ansatz/core";
import type { Backend } from "@ansatz/core/plugin";
import { peakMemory } from "@ansatz/lab";
import { summarize, warmupOf } from "./measurement.ts";
import { works } from "./works/index.ts";
import type { Training } from "./works/work.ts";

const [name = "", engine = ""] = process.argv.slice(2);
const { build, steps } = works[name]!;
const inside = { ms: 0 };
const backends = { cpu, onnx, wasm, "tfjs-node": tfjsNode };
await use(timed(await backends[engine.replace("-compiled", "") as keyof typeof backends](), inside));
const work = build();
const advance = "run" in work ? work.run : await trainer(work);
const times: number[] = [];
let each: Readonly<Record<string, number>> | undefined;
let outside = 0;
for (let i = 0; i < steps; i++) {
  inside.ms = 0;
  const started = performance.now();
  each = await advance();
  const elapsed = performance.now() - started;
  times.push(elapsed);
  if (i >= warmupOf(steps)) outside += 1 - inside.ms / elapsed;
}
const manifest = JSON.parse(readFileSync(new URL("../packages/core/package.json", import.meta.url), "utf8")) as {
  version: string;
};
const peakMiB = peakMemory() / 2 ** 20;
console.log(
  JSON.stringify({
    ...summarize(name, engine, manifest.version, times, peakMiB),
    outsidePercent: (100 * outside) / (steps - warmupOf(steps)),
    ...(each !== undefined && { each }),
  }),
);

/** Returns a function that runs a training step and reads its loss. */
async function trainer({ step, batch }: Training): Promise<() => Promise<undefined>> {
  // The same batch at every step, like the peers, so that drawing a batch is not measured.
  const inputs = await Promise.all(batch().map(async (x) => tensor(await x.data(), { shape: x.shape })));
  const compiled = compile(step);
  return async () => {
    const loss = engine.endsWith("compiled") ? await compiled(...inputs) : step(...inputs);
    await realize(loss);
    await loss.item();
  };
}

/** The same backend, which also adds up the time that its programs run. */
function timed(backend: Backend, total: { ms: number }): Backend {
  return {
    ...backend,
    async compile(graph) {
      const program = await backend.compile(graph);
      return {
        async run(inputs) {
          const started = performance.now();
          const result = await program.run(inputs);
          total.ms += performance.now() - started;
          return result;
        },
        dispose: () => program.dispose(),
      };
    },
  };
}
