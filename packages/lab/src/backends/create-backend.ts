import { pathToFileURL } from "node:url";
import { AnsatzError, BackendError } from "@ansatz/core";
import type { Backend } from "@ansatz/core/plugin";
import { installCommand, type InstalledBackend } from "./installed.ts";

/** What every backend may be made with. */
export interface BackendOptions {
  /** How many threads it may use. */
  readonly threads?: number;
}

/** What is wrong with an installed backend: in words, and how to mend it. */
export class BrokenBackendError extends BackendError {
  readonly reason: string;

  constructor(name: string, reason: string) {
    super(`the backend ${name} is installed but does not work: ${reason}`);
    this.reason = reason;
  }
}

/**
 * Imports a backend's package, and makes the backend.
 *
 * @throws BrokenBackendError with the reason where it is installed but does not work
 */
export async function createBackend(
  { name, entry }: Pick<InstalledBackend, "name" | "entry">,
  options: BackendOptions = {},
): Promise<Backend> {
  try {
    const loaded = (await import(pathToFileURL(entry).href)) as Readonly<Record<string, unknown>>;
    const create =
      loaded[exportOf(name)] ?? loaded["default"] ?? Object.values(loaded).find((value) => typeof value === "function");
    if (typeof create !== "function") throw new BackendError("it exports no function that makes a backend");
    return await (create as (options: BackendOptions) => Backend | Promise<Backend>)(options);
  } catch (error) {
    // Whoever throws one of Ansatz's errors may have said how to mend it.
    const { message } = error instanceof Error ? error : { message: String(error) };
    const mended = error instanceof AnsatzError && message.includes("\n  ");
    throw new BrokenBackendError(
      name,
      mended ? message : `${message}\n  install it again, ${installCommand(name)}, or choose another backend`,
    );
  }
}

/** `tfjsNode` for tfjs-node and for @somebody/backend-tfjs-node. */
function exportOf(name: string): string {
  return name.replace(/^.*backend-/, "").replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
