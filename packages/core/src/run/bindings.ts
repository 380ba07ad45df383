import type { Backend, BackendBuffer, Program } from "../contract/backend.ts";
import { bytesPerElement, sizeOf, type TypedArray } from "../contract/dtype.ts";
import { Storage } from "../graph/storage.ts";
import type { Tensor } from "../graph/tensor.ts";

/** The bytes up to which a result moves to the host at once, so that a loss per step leaves nothing on the backend. */
const smallResult = 1_024;

/** A buffer for one run; a transient one is freed after it. */
export interface Binding {
  readonly buffer: BackendBuffer;
  readonly transient: boolean;
}

const drawnArrays = new WeakMap<Program, TypedArray[]>();

/** Buffers for the leaves of a program, in its order. */
export function bindLeaves(leaves: readonly Tensor[], backend: Backend, program: Program): Binding[] {
  // Large draws are costly to allocate at every step: each run of a program writes into the arrays of the one before.
  let drawn = drawnArrays.get(program);
  if (drawn === undefined) drawnArrays.set(program, (drawn = []));
  return leaves.map((tensor, position) => bind(tensor, backend, drawn, position));
}

function bind(tensor: Tensor, backend: Backend, drawn: TypedArray[], position: number): Binding {
  const source = tensor.node.source!;
  if (source.kind === "storage") return source.storage.bind(backend, false);
  if (source.kind === "cell") return source.cell.storage!.bind(backend, true);
  const data = source.produce(drawn[position]);
  if (source.reusable === true && backend.releasesInputs === true) drawn[position] = data;
  return { buffer: backend.upload(data, tensor.shape, tensor.dtype), transient: true };
}

/** A result as a value that lasts. */
export async function store(output: Tensor, backend: Backend, buffer: BackendBuffer): Promise<Storage> {
  if (sizeOf(output.shape) * bytesPerElement(output.dtype) > smallResult)
    return new Storage(output, { backend, buffer });
  const data = await backend.download(buffer);
  backend.free(buffer);
  return new Storage(output, data);
}
