/** The program of a thread of `inWorkers`: it makes the dataset of a module, and batches on request. */
import { parentPort, workerData } from "node:worker_threads";
import { RandomKey, realize } from "@ansatz/core";
import { isCell, leavesOf, mapTree, type Tree } from "@ansatz/core/plugin";
import type { Dataset } from "./dataset.ts";
import type { Answer, Request, SentTensor } from "./worker-dataset.ts";

const port = parentPort!;
const { default: make } = (await import(workerData as string)) as {
  readonly default: () => Dataset<Tree> | Promise<Dataset<Tree>>;
};
const dataset = await make();
port.postMessage({
  length: dataset.length,
  lengths: dataset.lengthOf && Int32Array.from({ length: dataset.length }, (_, place) => dataset.lengthOf!(place)),
});

port.on("message", async ({ id, places, words }: Request) => {
  try {
    const batch = await dataset.batch(places, new RandomKey(() => words));
    const sent = await packed(batch);
    port.postMessage({ id, batch: sent.tree } satisfies Answer, sent.buffers);
  } catch (error) {
    port.postMessage({ id, error: error instanceof Error ? error : new Error(String(error)) } satisfies Answer);
  }
});

/** A batch in a form that can be sent to another thread, and the memory that is transferred with it. */
async function packed(batch: Tree): Promise<{ readonly tree: Tree<SentTensor>; readonly buffers: ArrayBuffer[] }> {
  await realize(batch);
  const tensors = leavesOf(batch).map((leaf) => (isCell(leaf) ? leaf.read() : leaf));
  const data = await Promise.all(tensors.map((tensor) => tensor.data()));
  let next = 0;
  const tree = mapTree(batch, () => ({
    data: data[next]!,
    shape: tensors[next]!.shape,
    dtype: tensors[next++]!.dtype,
  }));
  return { tree, buffers: data.map(({ buffer }) => buffer as ArrayBuffer) };
}
