import type { SettingsDefinition } from "@ansatz/lab";

/** The tutorial's recipe in small. The full size is `--vocabulary-size 50257 --width 768 --layers 12 --heads 12`. */
export const settings = {
  vocabularySize: {
    default: 89,
    description: "89 reads characters, 50257 reads GPT-2's tokens",
    whole: true,
    least: 89,
    most: 50_257,
  },
  width: { default: 128, description: "features of each position", whole: true, least: 1 },
  layers: { default: 4, description: "Transformer blocks", whole: true, least: 1 },
  heads: { default: 4, description: "attention heads; they must divide the width", whole: true, least: 1 },
  context: { default: 64, description: "the longest sequence", unit: "tokens", whole: true, least: 2 },
  dropout: { default: 0, description: "probability of dropping a feature in training", least: 0, most: 0.99 },
  batch: { default: 12, description: "sequences a step", whole: true, least: 1 },
  steps: { default: 1_500, description: "updates", whole: true, least: 1 },
  learningRate: { default: 2e-3, description: "its peak, after the warm-up", least: 0 },
  warmupSteps: { default: 100, description: "steps of linear warm-up", whole: true, least: 0 },
  schedule: {
    default: "cosine",
    description: "of the learning rate after the warm-up: half a cosine down to a tenth, or constant",
    choices: ["cosine", "constant"],
  },
  weightDecay: { default: 0.1, description: "decay of matrices; vectors have none", least: 0 },
  clip: { default: 1, description: "the largest global norm of the gradient", least: 1e-9 },
  optimizer: { default: "adamw", description: "the update rule", choices: ["adamw", "lion"] },
  validationEvery: { default: 250, description: "steps between validations", whole: true, least: 1 },
  validationBatches: {
    default: 40,
    description: "batches of each validation during training; the last one reads all",
    whole: true,
    least: 1,
  },
  saveEvery: { default: 500, description: "steps between checkpoints", whole: true, least: 1 },
  generate: { default: 400, description: "tokens to write at the end", whole: true, least: 0 },
} as const satisfies SettingsDefinition;
