/** A process that examines one backend, so that a broken backend breaks nothing else. Its argument is `ProbeInput`. */
import { BrokenBackendError, createBackend } from "./create-backend.ts";
import { opsByKind } from "./op-kinds.ts";
import type { ProbeInput, ProbeResult } from "./probe-backend.ts";
import { measureSpeed } from "./speed.ts";

const { name, entry, milliseconds } = JSON.parse(process.argv[2]!) as ProbeInput;

async function look(): Promise<ProbeResult> {
  const backend = await createBackend({ name, entry });
  const { native, own, composed } = opsByKind(backend);
  const speed = await measureSpeed(backend, { milliseconds });
  return {
    works: true,
    device: backend.memory().device ?? "",
    ops: { native: native.length, own: own.length, composed: composed.length },
    speed,
  };
}

const result = await look().catch((error: unknown): ProbeResult => ({
  works: false,
  reason: error instanceof BrokenBackendError ? error.reason : String(error),
}));
process.stdout.write(`\n${JSON.stringify(result)}\n`, () => process.exit());
