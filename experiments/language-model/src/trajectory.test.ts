import { fileURLToPath } from "node:url";
import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { wasm } from "@ansatz/backend-wasm";
import { grad, Optimizer, realize, tensor, use, type StateDict, type TensorData } from "@ansatz/core";
import { loadSafetensors } from "@ansatz/data";
import { crossEntropy, TransformerLM } from "@ansatz/nn";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
import { expect, test } from "vitest";

const golden = fileURLToPath(new URL("../reference/trajectory.safetensors", import.meta.url));

function only(prefix: string, tensors: StateDict): StateDict {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([name, data]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), data]] : [],
    ),
  );
}

function row({ data, shape }: TensorData, index: number) {
  const size = shape[1]! * shape[2]!;
  return tensor(data.slice(index * size, (index + 1) * size), { shape: shape.slice(1) });
}

test.each([
  ["cpu", cpu],
  ["onnx", onnx],
  ["wasm", wasm],
] as const)("50 steps of AdamW follow PyTorch's on %s", async (_name, backend) => {
  await use(backend());
  const { tensors } = await loadSafetensors(golden);
  const model = new TransformerLM({ vocabularySize: 37, width: 32, layers: 2, heads: 4, context: 16 });
  model.loadStateDict(only("weights/", tensors));
  const optimizer = new Optimizer(model, adamw, {
    learningRate: warmup(5, cosine(3e-3, 45, { floor: 3e-4 })),
    beta2: 0.95,
    weightDecay: 0.1,
    groups: [{ where: (_path, { shape }) => shape.length < 2, weightDecay: 0 }],
  });
  for (const [step, expected] of [...tensors["losses"]!.data].entries()) {
    const loss = crossEntropy(model.forward(row(tensors["inputs"]!, step)), row(tensors["targets"]!, step));
    optimizer.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
    await realize(loss);
    expect(Math.abs((await loss.item()) / expected - 1), `step ${step + 1}`).toBeLessThan(1e-4);
  }
  const trained = await model.stateDict();
  for (const [name, { data }] of Object.entries(only("final/", tensors))) {
    for (const [i, value] of data.entries()) expect(Math.abs(trained[name]!.data[i]! - value), name).toBeLessThan(2e-3);
  }
});
