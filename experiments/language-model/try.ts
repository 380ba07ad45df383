import { tensor, grad, use, realize, memory, Optimizer, RandomStream, compile, type Tensor } from "@ansatz/core";
import { cpu } from "@ansatz/backend-cpu";
import { TransformerLM, crossEntropy, generate } from "@ansatz/nn";
import { adamw, clipByGlobalNorm, cosine, warmup } from "@ansatz/optim";
const [V, D, L, H, T, B, steps, which] = process.argv.slice(2, 10);
const n = Number;
if (which === "onnx") { const { onnx } = await import("@ansatz/backend-onnx"); await use(onnx()); } else await use(cpu());
const model = new TransformerLM({ vocabularySize: n(V), width: n(D), layers: n(L), heads: n(H), context: n(T), dropout: n(process.env.DROPOUT ?? 0), random: 1 });
console.log(model.parameterCount());
const opt = new Optimizer(model, adamw, { learningRate: warmup(2, cosine(1e-3, 100)), beta2: 0.95, weightDecay: 0.1, groups: [{ where: (_n, p) => p.shape.length < 2, weightDecay: 0 }] });
const r = new RandomStream(3);
const batch = () => Int32Array.from({ length: n(B) * n(T) }, (_, i) => (i * 7919 + 13) % n(V));
const step = (x: Tensor) => {
  const loss = crossEntropy(model.forward(x), x);
  opt.update(clipByGlobalNorm(grad(loss, model.parameters()), 1));
  return loss;
};
const compiled = compile(step);
const times: number[] = [];
for (let i = 0; i < n(steps); i++) {
  const t = performance.now();
  const x = tensor(batch(), { shape: [n(B), n(T)], dtype: "int32" });
  let loss: Tensor;
  if (process.env.COMPILE) loss = await compiled(x);
  else { loss = step(x); await realize(loss); }
  times.push(performance.now() - t);
  if (i < 5 || i % 10 === 0) console.log(i, await loss.item(), times.at(-1)!.toFixed(1), JSON.stringify(memory()));
}
const sorted = times.slice(2).sort((a, b) => a - b);
console.log("median", sorted[sorted.length >> 1]?.toFixed(1), "min", sorted[0]?.toFixed(1), "rss", (process.memoryUsage().rss / 2 ** 20).toFixed(0));
if (process.env.GEN) { const t = performance.now(); console.log(await generate(model, [1, 2, 3], { length: 20, topK: 5 }), performance.now() - t, memory()); }
