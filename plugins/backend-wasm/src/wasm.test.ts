import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { ArgumentError } from "@ansatz/core";
import { expect, test } from "vitest";
import { wasm } from "./index.ts";

/** Runs a program in a new process, which must end by itself, and returns what it prints. */
function printed(program: string): string {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const text = `
    import { wasm } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
    import { grad, key, matmul, mul, normal, sum, tanh, transpose, use }
      from ${JSON.stringify(import.meta.resolve("@ansatz/core"))};
    import { env } from ${JSON.stringify(import.meta.resolve("@tensorflow/tfjs-core"))};
    ${program}`;
  return execFileSync(
    process.execPath,
    ["--conditions=source", "--import", tsx, "--input-type=module", "--eval", text],
    { encoding: "utf8", timeout: 30_000 },
  );
}

test.for([0, 1.5, 9])("%f threads are refused", async (threads) => {
  await expect(wasm({ threads })).rejects.toThrow(ArgumentError);
});

test("two threads give the same bits as one, and the process ends by itself", () => {
  const product = (threads: number) =>
    printed(`
      await use(await wasm({ threads: ${threads} }));
      const product = matmul(normal(key(1), [3, 70, 50]), normal(key(2), [50, 90]));
      console.log((await product.data()).join());`);
  const one = product(1);
  expect(one.split(",")).toHaveLength(3 * 70 * 90);
  expect(product(2)).toBe(one);
});

test("without SIMD everything runs on tfjs's kernels", () => {
  const training = (first: string) =>
    printed(`
      ${first}
      const backend = await use(await wasm({ threads: 1 }));
      const x = normal(key(1), [3, 70, 50]);
      const loss = (w) => sum(tanh(mul(matmul(x, transpose(w)), 0.1)));
      const g = await grad(loss(normal(key(2), [90, 50])), x).data();
      console.log(backend.memory().device, g.slice(0, 5).map((value) => Math.round(value * 1e4)).join(","));`);
  const [simd, plain] = [training(""), training("env().set('WASM_HAS_SIMD_SUPPORT', false);")];
  expect(plain).toMatch(/^WebAssembly without SIMD, 1 thread /);
  expect(plain.replace("without", "with")).toBe(simd);
});

test("Emscripten's handlers do not stay on the process, and two backends share one engine", async () => {
  const count = () => ["uncaughtException", "unhandledRejection"].map((event) => process.listenerCount(event));
  const before = count();
  const [first, second] = [await wasm({ threads: 2 }), await wasm()];
  expect(count()).toEqual(before);
  const buffer = first.upload(Float32Array.of(1, 2), [2], "float32");
  second.dispose();
  expect([...(await first.download(buffer))]).toEqual([1, 2]);
  await expect(wasm({ threads: 1 })).rejects.toThrow(/already runs WebAssembly with 2 threads/);
});
