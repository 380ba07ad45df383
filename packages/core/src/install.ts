import { installMethods } from "./ops/methods.ts";
import { installReading } from "./run/reading.ts";

/** Gives tensors what stands above the graph: ops as methods, and reading. */
export function install(): void {
  installMethods();
  installReading();
}
