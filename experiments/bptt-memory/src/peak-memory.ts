import { inOwnProcess } from "@ansatz/lab";
import type { BPTTOptions } from "./training.ts";

/** The peak memory in MiB of a process that only runs backpropagation through an LSTM. */
export function peakMemory(options: BPTTOptions): Promise<number> {
  return inOwnProcess(new URL("peak-process.ts", import.meta.url), options);
}
