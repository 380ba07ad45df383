import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { BackendError } from "@ansatz/core";
import { nativeCommand } from "./native-command.ts";

/** The script that a new process runs to try a build: one product, [[1, 2], [3, 4]] · [[1], [1]]. */
const program = `
  const binding = require(process.argv[1]);
  const tensor = (shape, values) => binding.createTensor(shape, binding.TF_FLOAT, Float32Array.from(values));
  const [{ id }] = binding.executeOp("MatMul", [], [tensor([2, 2], [1, 2, 3, 4]), tensor([2, 1], [1, 1])], 1);
  const product = [...binding.tensorDataSync(id)];
  console.log(JSON.stringify({ product, version: binding.TF_Version, gpu: binding.isUsingGpuDevice() }));`;

/** What a trial of a build found: its version of TensorFlow, and whether it uses a GPU. */
export interface Trial {
  readonly version: string;
  readonly gpu: boolean;
}

/**
 * Tries a build in a new process: it multiplies two matrices.
 *
 * @throws BackendError if the build does not run or gives a wrong product
 */
export async function tryBuild(binding: string, signal: AbortSignal): Promise<Trial> {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" };
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", program, binding], { signal, env }).catch(
    (error: unknown) => {
      if (signal.aborted) throw error;
      throw new BackendError(
        `the build does not run: ${(error as { stderr?: string }).stderr?.trim() ?? String(error)}\n` +
          `  build it again with ${nativeCommand(import.meta.url)} --again`,
      );
    },
  );
  const { product, version, gpu } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Trial & {
    readonly product: readonly number[];
  };
  if (product.join() !== "3,7")
    throw new BackendError(
      `the build gives a wrong product: [[1, 2], [3, 4]] · [[1], [1]] is [${product.join()}]\n` +
        `  build it again with ${nativeCommand(import.meta.url)} --again`,
    );
  return { version, gpu };
}
