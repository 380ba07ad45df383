import * as core from "@ansatz/core";

/**
 * How a backend does an op: by the engine that it stands on, by a kernel of Ansatz's own, or not at all, so that core
 * writes it in smaller ops.
 */
export type OpKind = "native" | "own" | "composed";

/** The names of all of core's ops, in order. */
export function opNames(): readonly string[] {
  const names = Object.values(core).flatMap((value) =>
    typeof value === "function" && "op" in value ? [(value.op as core.OpDefinition).name] : [],
  );
  return [...new Set(names)].toSorted();
}

/** The ops of core by how a backend does them, on the dtypes that it has most for. */
export function opsByKind(
  backend: Pick<core.Backend, "dtypes" | "supports" | "ownKernels">,
): Readonly<Record<OpKind, readonly string[]>> {
  const kinds: Record<OpKind, string[]> = { native: [], own: [], composed: [] };
  for (const op of opNames()) {
    const done = backend.dtypes.some((dtype) => backend.supports(op, dtype));
    kinds[!done ? "composed" : backend.ownKernels?.includes(op) === true ? "own" : "native"].push(op);
  }
  return kinds;
}
