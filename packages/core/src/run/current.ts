import type { Backend, BackendMemory } from "../contract/backend.ts";
import { BackendError } from "../contract/errors.ts";
import { programsOf } from "../program/program-cache.ts";

let current: Backend | undefined;

/**
 * Chooses the backend that runs everything from now on; returns it.
 *
 * @throws BackendError when it isn't a backend, or has another version of the contract
 */
export async function use(backend: Backend | Promise<Backend>): Promise<Backend> {
  const chosen = await backend;
  if (typeof chosen?.compile !== "function") {
    const called =
      typeof chosen === "function"
        ? `the function ${(chosen as { readonly name: string }).name}`
        : chosen === null
          ? "null"
          : typeof chosen;
    throw new BackendError(
      `use: ${called} isn't a backend\n` +
        `  call its factory: import { cpu } from "@ansatz/backend-cpu"; await use(cpu())`,
    );
  }
  if (chosen.spec !== 1)
    throw new BackendError(
      `use: ${chosen.name} speaks version ${String(chosen.spec)} of the backend contract, and this core speaks 1\n` +
        "  install compatible versions",
    );
  current = chosen;
  return chosen;
}

/** The backend in use. @throws BackendError when none was chosen */
export function currentBackend(): Backend {
  if (current === undefined) {
    throw new BackendError(
      'no backend is in use\n  choose one first: import { cpu } from "@ansatz/backend-cpu"; await use(cpu())',
    );
  }
  return current;
}

/** What is alive on the backend in use, and how many programs it has compiled so far. */
export function memory(): BackendMemory & { readonly compilations: number } {
  const backend = currentBackend();
  return { ...backend.memory(), compilations: programsOf(backend).compilations };
}
