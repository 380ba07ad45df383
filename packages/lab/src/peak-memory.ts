import { existsSync, readFileSync } from "node:fs";

const linuxStatus = "/proc/self/status";

/**
 * The greatest memory that this process has had resident so far, in bytes. Where Linux tells, this is of the process
 * alone: `process.resourceUsage` also counts the process that started it, up to the moment of the start.
 *
 * @example peakMemory() > 1e6  // true
 */
export function peakMemory(): number {
  const status = existsSync(linuxStatus) ? readFileSync(linuxStatus, "utf8") : "";
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return 1_024 * (peak === undefined ? process.resourceUsage().maxRSS : Number(peak));
}
