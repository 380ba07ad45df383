import { expect, test } from "vitest";
import { optional, RetrievalError } from "./retrieval-error.ts";

test("an optional package that is missing is an error with the command that installs it", async () => {
  const name = "not-installed-anywhere";
  const missing = optional("lance", "@lancedb/lancedb", () => import(/* @vite-ignore */ name));
  await expect(missing).rejects.toThrow(RetrievalError);
  await expect(missing).rejects.toThrow(/^lance: .*not-installed-anywhere.*\n  npm install @lancedb\/lancedb$/);
  const failing = optional("lance", "@lancedb/lancedb", () => Promise.reject(new TypeError("another")));
  await expect(failing).rejects.toThrow(TypeError);
});
