import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { wasm } from "@ansatz/backend-wasm";
import { use } from "@ansatz/core";
import { expect, test } from "vitest";
import { checkpointTraining } from "./full/checkpoint-training.ts";

test.for([
  ["cpu", cpu],
  ["onnx", onnx],
  ["wasm", wasm],
] as const)("blocks in checkpoint give the same losses on %s, bit for bit, dropout included", async ([, backend]) => {
  await use(await backend());
  const losses = async (checkpointed: boolean) => {
    const step = checkpointTraining({
      vocabularySize: 11,
      width: 16,
      layers: 2,
      heads: 2,
      context: 8,
      batch: 3,
      dropout: 0.1,
      checkpointed,
    });
    const seen: number[] = [];
    for (let i = 0; i < 4; i++) seen.push(await step());
    return seen;
  };
  const kept = await losses(false);
  expect(await losses(true)).toEqual(kept);
  expect(kept[3]).toBeLessThan(kept[0]!);
});
