import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { BackendError } from "@ansatz/core";

/** What a fresh process does with a build: one product, [[1, 2], [3, 4]] · [[1], [1]]. */
const program = `
  const binding = require(process.argv[1]);
  const tensor = (shape, values) => binding.createTensor(shape, binding.TF_FLOAT, Float32Array.from(values));
  const [{ id }] = binding.executeOp("MatMul", [], [tensor([2, 2], [1, 2, 3, 4]), tensor([2, 1], [1, 1])], 1);
  console.log(JSON.stringify({ product: [...binding.tensorDataSync(id)], version: binding.TF_Version, gpu: binding.isUsingGpuDevice() }));`;

/** What a build can do. */
export interface Trial {
  readonly version: string;
  readonly gpu: boolean;
}

/**
 * Multiplies two matrices with a build, in a process of its own.
 *
 * @throws BackendError when it cannot
 */
export async function tryBuild(binding: string, signal: AbortSignal): Promise<Trial> {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2" };
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", program, binding], { signal, env }).catch(
    (error: unknown) => {
      if (signal.aborted) throw error;
      throw new BackendError(
        `what was built does not run: ${(error as { stderr?: string }).stderr?.trim() ?? String(error)}\n  npx ansatz-tfjs-native --again builds it anew`,
      );
    },
  );
  const { product, version, gpu } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Trial & {
    readonly product: readonly number[];
  };
  if (product.join() !== "3,7")
    throw new BackendError(
      `what was built multiplies wrongly: [[1, 2], [3, 4]] · [[1], [1]] gave [${product.join()}]\n  npx ansatz-tfjs-native --again builds it anew`,
    );
  return { version, gpu };
}
