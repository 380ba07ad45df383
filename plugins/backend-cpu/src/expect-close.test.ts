import { tensor, use } from "@ansatz/core";
import { expectClose, onEachBackend } from "@ansatz/testkit";
import { beforeAll, expect, test } from "vitest";
import { cpu } from "./index.ts";

const absent = () => Promise.reject(new Error("must not be created"));

await onEachBackend({ cpu }, (create) => {
  beforeAll(async () => use(await create()));

  test("elements may differ by the tolerance times the largest, or times 1", async () => {
    await expectClose(tensor([100, 1]), tensor([100, 1.0005]));
    await expect(expectClose(tensor([1, 1]), tensor([1, 1.0005]))).rejects.toThrow(/element 1: 1, not 1\.0004/);
    await expectClose(tensor([0.1]), tensor([0.2]), 0.11);
    await expect(expectClose(tensor([0.1]), tensor([0.2]), 0.09)).rejects.toThrow(/element 0/);
    await expect(expectClose(tensor([NaN]), tensor([1]))).rejects.toThrow(/element 0: NaN/);
    await expect(expectClose(tensor([1, 1]), tensor([1]))).rejects.toThrow(/to deeply equal/);
  });
});

test("a backend that fails for another reason than a missing part is an error, even if it is optional", async () => {
  await expect(onEachBackend({ absent }, () => undefined, { optional: ["absent"] })).rejects.toThrow("must not be");
});
