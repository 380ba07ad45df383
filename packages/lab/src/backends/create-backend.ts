import { pathToFileURL } from "node:url";
import { AnsatzError, BackendError } from "@ansatz/core";
import type { Backend } from "@ansatz/core/plugin";
import { installCommand, type InstalledBackend } from "./installed.ts";

/** The options that every backend may take. */
export interface BackendOptions {
  /** The number of threads that it may use. */
  readonly threads?: number;
}

/** A backend that is installed but does not work, with the reason and how to fix it. */
export class BrokenBackendError extends BackendError {
  readonly reason: string;

  constructor(name: string, reason: string) {
    super(`the backend ${name} is installed but does not work: ${reason}`);
    this.reason = reason;
  }
}

/**
 * Imports a backend's package and creates the backend.
 *
 * @throws BrokenBackendError with the reason if it is installed but does not work
 */
export async function createBackend(
  { name, entry }: Pick<InstalledBackend, "name" | "entry">,
  options: BackendOptions = {},
): Promise<Backend> {
  try {
    const loaded = (await import(pathToFileURL(entry).href)) as Readonly<Record<string, unknown>>;
    const create =
      loaded[exportOf(name)] ?? loaded["default"] ?? Object.values(loaded).find((value) => typeof value === "function");
    if (typeof create !== "function") throw new BackendError("it does not export a function that creates a backend");
    return await (create as (options: BackendOptions) => Backend | Promise<Backend>)(options);
  } catch (error) {
    // An error of Ansatz may already say how to fix it.
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
