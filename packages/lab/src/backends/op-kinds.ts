import { opNames, type Backend } from "@ansatz/core/plugin";

/**
 * How a backend executes an op: with the engine that it is built on, with one of Ansatz's own kernels, or not at all,
 * so that core composes it from smaller ops.
 */
export type OpKind = "native" | "own" | "composed";

/** The ops of core, grouped by how a backend executes them for at least one of its dtypes. */
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
