/** Trains one model in a worker, so that the page stays responsive. The worker's name says which model. */
import { wasm } from "@ansatz/backend-wasm";
import { AnsatzError, use } from "@ansatz/core";
import { digits } from "./digits.ts";
import { languageModel } from "./language-model.ts";
import type { Message, Task } from "./task.ts";

const tasks: Readonly<Record<string, () => Promise<Task>>> = {
  "language-model": async () =>
    languageModel(await (await load(new URL("../data/moby-dick.txt", import.meta.url))).text()),
  digits: async () =>
    digits(new Uint8Array(await (await load(new URL("../data/digits.bin", import.meta.url))).arrayBuffer())),
};

async function load(url: URL): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok)
    throw new AnsatzError(
      `${url.href} cannot be loaded: ${response.status} ${response.statusText}\n  check that the server has the file`,
    );
  return response;
}

function tell(message: Message): void {
  postMessage(message);
}

async function run(): Promise<void> {
  const [backend, task] = await Promise.all([wasm().then(use), tasks[self.name]!()]);
  tell({
    kind: "ready",
    device: backend.memory().device ?? backend.name,
    parameters: task.parameters,
    steps: task.steps,
  });
  for (let step = 1; step <= task.steps; step++) {
    const started = performance.now();
    const loss = await task.step();
    tell({ kind: "step", step, loss, milliseconds: performance.now() - started });
    if (step % task.showEvery === 0) tell({ kind: "shown", ...(await task.show()) });
  }
  tell({ kind: "ended" });
}

run().catch((error: unknown) =>
  tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) }),
);
