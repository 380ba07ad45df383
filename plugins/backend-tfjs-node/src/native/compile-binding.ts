import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { BackendError } from "@ansatz/core";

const run = promisify(execFile);

/** The C++ compiler: the environment variable CXX, or c++. */
export const compiler = (): string => process.env["CXX"] || "c++";

/**
 * Compiles the sources of tfjs-node's native part against an unpacked TensorFlow. Node's interface for native code is
 * stable, so one build works with every version of Node. Its headers come from a package.
 *
 * @throws BackendError with the compiler's messages
 */
export async function compileBinding(
  sources: string,
  headers: string,
  tensorflow: string,
  output: string,
  signal: AbortSignal,
): Promise<void> {
  const nodeHeaders = join(dirname(createRequire(import.meta.url).resolve("node-api-headers/package.json")), "include");
  const files = readdirSync(sources).filter((name) => name.endsWith(".cc"));
  const words = [
    ...["-shared", "-fPIC", "-O2", "-std=c++17", "-DNAPI_VERSION=8", `-I${nodeHeaders}`, `-I${headers}`],
    ...files.map((name) => join(sources, name)),
    ...["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"].map((name) => join(tensorflow, name)),
    ...["-Wl,-rpath,$ORIGIN/tensorflow", "-o", output],
  ];
  await run(compiler(), words, { signal, maxBuffer: 2 ** 26 }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    const said = (error as { stderr?: string }).stderr ?? String(error);
    throw new BackendError(
      `${compiler()} could not compile tfjs-node's native part:\n${said.split("\n").slice(0, 20).join("\n")}\n` +
        "  choose another compiler with the environment variable CXX",
    );
  });
}
