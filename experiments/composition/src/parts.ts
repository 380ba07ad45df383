import { add, Optimizer, type Module, type Schedule, type Tensor } from "@ansatz/core";
import { MultiHeadAttention, type AttentionFactory, type FeedForwardFactory } from "@ansatz/nn";
import { localAttention } from "@ansatz/nn-attention";
import { auxiliaryLoss, mixtureOfExperts } from "@ansatz/nn-moe";
import { adamw, constant, cosine, muonWith, warmup } from "@ansatz/optim";
import { lion } from "@ansatz/optim-lion";

type Slot<Factory, Names = never> = Readonly<Record<string, Factory | Names | readonly Factory[]>>;

/** Embeddings, the output layer, and vectors: all parameters but the matrices inside. */
const isOuter = (name: string, { shape }: { readonly shape: readonly number[] }) =>
  shape.length !== 2 || /^(tokens|positions|head)\./.test(name);

const full: AttentionFactory = (width, options) => new MultiHeadAttention(width, options);

/** Every other block sees a window and the first characters only. */
export const attentions: Slot<AttentionFactory> = { full, windowed: [localAttention({ window: 16, sinks: 4 }), full] };

/** Four experts, of which each token has one, instead of one layer. */
export const feedForwards: Slot<FeedForwardFactory, "plain"> = {
  plain: "plain",
  experts: mixtureOfExperts({ experts: 4 }),
};

/** What keeps the experts equally busy is added to the loss. */
export const losses: Readonly<Record<string, (loss: Tensor, model: Module) => Tensor>> = {
  alone: (loss) => loss,
  balanced: (loss, model) => add(loss, auxiliaryLoss(model)),
};

/** Muon moves the matrices inside, Lion all else. */
export const optimizers: Readonly<Record<string, (model: Module, rate: (usual: number) => Schedule) => Optimizer>> = {
  adamw: (model, rate) =>
    new Optimizer(model, adamw, {
      learningRate: rate(2e-3),
      groups: [{ where: isOuter, weightDecay: 0 }],
    }),
  muonAndLion: (model, rate) =>
    new Optimizer(model, muonWith({ adjustment: "matchRmsAdamw" }), {
      learningRate: rate(2e-3),
      groups: [{ where: isOuter, rule: lion, learningRate: rate(2e-4), weightDecay: 0 }],
    }),
};

/** The rate rises over a twentieth of the steps, and falls along a cosine. */
export const schedules: Readonly<Record<string, (peak: number, steps: number) => Schedule>> = {
  constant,
  cosine: (peak, steps) => warmup(Math.ceil(steps / 20), cosine(peak, steps - Math.ceil(steps / 20))),
};
