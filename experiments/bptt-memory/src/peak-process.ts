/**
 * Runs backpropagation through an LSTM in this process, and prints its peak memory in MiB. The argument is
 * `BPTTOptions` as JSON.
 */
import { onnx } from "@ansatz/backend-onnx";
import { use } from "@ansatz/core";
import { peakMemory } from "@ansatz/lab";
import { bptt, type BPTTOptions } from "./training.ts";

await use(await onnx());
const step = bptt(JSON.parse(process.argv[2]!) as BPTTOptions);
for (let i = 0; i < 3; i++) await step();
console.log(peakMemory() / 2 ** 20);
