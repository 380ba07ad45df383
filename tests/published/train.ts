/**
 * What a user writes after installing the packages: the exclusive or, on both backends. It prints the last loss of
 * each.
 */
import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { grad, Optimizer, realize, tanh, tensor, use } from "@ansatz/core";
import { Linear, meanSquaredError, Sequential } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";

for (const backend of [cpu(), await onnx()]) {
  await use(backend);
  const input = tensor([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  const target = tensor([[0], [1], [1], [0]]);
  const model = new Sequential(new Linear(2, 8, { random: 1 }), tanh, new Linear(8, 1, { random: 2 }));
  const optimizer = new Optimizer(model, adamw, { learningRate: 0.05 });
  let loss = Infinity;
  for (let step = 0; step < 300; step++) {
    const error = meanSquaredError(model.forward(input), target);
    optimizer.update(grad(error, model.parameters()));
    await realize(error);
    loss = await error.item();
  }
  console.log(`${backend.name} ${loss}`);
}
