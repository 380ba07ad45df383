import { compile, grad, key, Optimizer, relu, tensor, uniform, Module, type Tensor } from "@ansatz/core";
import { Dropout, Linear, meanSquaredError } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";

/** Two layers with dropout between them: 8 features, 16 hidden, 2 results. */
export class SmallModel extends Module {
  readonly hidden = new Linear(8, 16, { random: 1 });
  readonly dropout = new Dropout(0.1, { random: 2 });
  readonly output = new Linear(16, 2, { random: 3 });

  forward(x: Tensor): Tensor {
    // [batch, 8] -> [batch, 2]
    return this.output.forward(this.dropout.forward(relu(this.hidden.forward(x))));
  }
}

/**
 * A model, its optimizer, and a step on 16 rows that are new each time; recorded again at each step unless it is
 * compiled.
 */
export function smallTraining({ compiled }: { readonly compiled: boolean }) {
  const model = new SmallModel();
  const settings = { seed: 0 };
  const optimizer = new Optimizer(model, adamw, { learningRate: 1e-3, weightDecay: 0.01 });
  const record = (x: Tensor, y: Tensor) => {
    const loss = meanSquaredError(model.forward(x), y);
    optimizer.update(grad(loss, model.parameters()));
    return loss;
  };
  const run = compiled ? compile(record) : async (x: Tensor, y: Tensor) => record(x, y);
  const batch = async (step: number) => {
    const x = await uniform(key(settings.seed).fold(step), [16, 8]).data("float32");
    const y = Float32Array.from({ length: 32 }, (_, i) => Math.sin(x[(i >> 1) * 8 + (i & 1)]! * 3));
    return [tensor(x, { shape: [16, 8] }), tensor(y, { shape: [16, 2] })] as const;
  };
  return { model, optimizer, settings, step: async (at: number) => (await run(...(await batch(at)))).item() };
}
