/**
 * Loads the files that its parent names, one after the other, and tells for each what came of it and the most memory
 * that this process has taken so far, in bytes.
 */
import type { TensorData } from "@ansatz/core";
import { loadSafetensors } from "@ansatz/data";
import { loadCheckpoint } from "@ansatz/lab";

/** A part that keeps what it is given, as a model would. */
const part = {
  kept: undefined as TensorData | undefined,
  stateDict: () => ({}),
  loadStateDict(state: TensorData) {
    this.kept = state;
  },
};

process.on("message", (path: string) => void load(path));

async function load(path: string): Promise<void> {
  const loading = path.endsWith(".safetensors") ? loadSafetensors(path) : loadCheckpoint(path, { part });
  const outcome = await loading.then(
    () => "loaded",
    (error: Error) => `${error.name}: ${error.message}`,
  );
  const most = process.resourceUsage().maxRSS * 1024;
  part.kept = undefined;
  gc!(); // so that the next file's memory is measured, and not that of all
  process.send!({ outcome, most });
}
