/**
 * Trains a Transformer in this process alone, and prints the most memory it took, in MiB: `checkpoint-run.ts LAYERS
 * kept|checkpointed`.
 */
import { onnx } from "@ansatz/backend-onnx";
import { use } from "@ansatz/core";
import { checkpointTraining } from "./checkpoint-training.ts";

const [layers = "12", way = "kept"] = process.argv.slice(2);
await use(await onnx());
const step = checkpointTraining({
  vocabularySize: 65,
  width: 192,
  layers: Number(layers),
  heads: 6,
  context: 256,
  batch: 8,
  dropout: 0,
  checkpointed: way === "checkpointed",
});
for (let i = 0; i < 3; i++) await step();
console.log(process.resourceUsage().maxRSS / 1024);
