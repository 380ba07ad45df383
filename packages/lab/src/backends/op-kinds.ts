import { opNames, type Backend } from "@ansatz/core/plugin";

/**
 * How a backend does an op: by the engine that it stands on, by a kernel of Ansatz's own, or not at all, so that core
 * writes it in smaller ops.
 */
export type OpKind = "native" | "own" | "composed";

/** The ops of core by how a backend does them, on the dtypes that it has most for. */
export function opsByKind(
  backend: Pick<Backend, "dtypes" | "supports" | "ownKernels">,
): Readonly<Record<OpKind, readonly string[]>> {
  const kinds: Record<OpKind, string[]> = { native: [], own: [], composed: [] };
  for (const op of opNames()) {
    const done = backend.dtypes.some((dtype) => backend.supports(op, dtype));
    kinds[!done ? "composed" : backend.ownKernels?.includes(op) === true ? "own" : "native"].push(op);
  }
  return kinds;
}
