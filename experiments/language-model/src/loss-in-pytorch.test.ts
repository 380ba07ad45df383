import { ArgumentError } from "@ansatz/core";
import { expect, test } from "vitest";
import experiment from "./index.ts";
import { lossInPyTorch } from "./loss-in-pytorch.ts";

test("PyTorch's loss is recorded for every seed that the claims are tested by", () => {
  const losses = Array.from({ length: experiment.seeds }, (_, i) => lossInPyTorch(1 + i));
  for (const loss of losses) expect(Math.abs(loss - 1.795)).toBeLessThan(0.03);
  expect(new Set(losses).size).toBe(experiment.seeds);
  expect(() => lossInPyTorch(1_000)).toThrow(ArgumentError);
});

test("it learns as in PyTorch: the claim is about the difference to the loss of the same seed", () => {
  const [claim] = experiment.claims;
  const result = { validationLoss: lossInPyTorch(3) + 0.01, bitsPerCharacter: 0 };
  expect(claim!.value(result, {}, 3)).toBeCloseTo(0.01, 12);
  expect(claim!.value(result, {}, 2)).not.toBeCloseTo(0.01, 4);
});
