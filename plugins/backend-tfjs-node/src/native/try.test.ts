import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { tryBuild } from "./try.ts";

const folder = mkdtempSync(join(tmpdir(), "try-"));
const { signal } = new AbortController();
afterAll(() => rmSync(folder, { recursive: true }));

/** A native part in JavaScript that always returns this product. */
function pretend(product: readonly number[], rest = ""): string {
  const path = join(folder, `binding-${product.join("-")}${rest.length}.cjs`);
  writeFileSync(
    path,
    `${rest};
    module.exports = {
      TF_Version: "9.9.9",
      createTensor: () => 0,
      executeOp: () => [{ id: 1 }],
      tensorDataSync: () => Float32Array.of(${product.join()}),
      isUsingGpuDevice: () => true,
    };`,
  );
  return path;
}

test("a build that works reports its version, even if it prints other lines", async () => {
  expect(await tryBuild(pretend([3, 7], 'console.log("hello")'), signal)).toMatchObject({
    version: "9.9.9",
    gpu: true,
  });
});

test("a build with a wrong product is refused", async () => {
  await expect(tryBuild(pretend([3, 8]), signal)).rejects.toThrow(
    /gives a wrong product: .* is \[3,8\]\n {2}build it again with npx pnpm@10 tfjs-native --again/,
  );
});

test("a build that does not run is an error with the reason", async () => {
  await expect(tryBuild(pretend([3, 7], 'throw new Error("undefined symbol: TF_NewTensor")'), signal)).rejects.toThrow(
    /does not run: [^]*undefined symbol: TF_NewTensor/,
  );
});
