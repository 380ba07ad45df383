import { broadcastShapes, sizeOf, type Shape } from "@ansatz/core";
import { kernelOf, type Prepare } from "@ansatz/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { TensorInfo } from "@tensorflow/tfjs-core";

/**
 * Products of matrices, one tfjs call each: only a single product without transposes takes tfjs's fast path, and a batch would be multiplied number by
 * number. The matrices of a batch are tensors over the memory of the whole.
 */
export const matmul: Prepare = (node, [left, right], engine) => {
  if (node.dtype !== "float32" || left === undefined || right === undefined) return undefined;
  const multiply = kernelOf(engine, "BatchMatMul");
  const attributes = { transposeA: false, transposeB: false };
  if (node.shape.length === 2) return ([a, b]) => multiply({ a: a!, b: b! }, attributes);

  const backend = engine.backend as BackendWasm;
  const batch = node.shape.slice(0, -2);
  const [leftMatrix, rightMatrix, matrix] = [left.shape.slice(-2), right.shape.slice(-2), node.shape.slice(-2)];
  const [leftPlaces, rightPlaces] = [placesOf(left.shape.slice(0, -2), batch), placesOf(right.shape.slice(0, -2), batch)];
  const size = sizeOf(matrix);
  return ([a, b]) => {
    const result = backend.makeOutput([...node.shape], "float32");
    for (let i = 0; i < leftPlaces.length; i++) {
      const parts = { a: part(backend, a!, leftPlaces[i]!, leftMatrix), b: part(backend, b!, rightPlaces[i]!, rightMatrix) };
      const product = multiply(parts, attributes);
      (backend.typedArrayFromHeap(result) as Float32Array).set(backend.typedArrayFromHeap(product) as Float32Array, i * size);
      backend.disposeData(product.dataId);
      forget(backend, parts.a);
      forget(backend, parts.b);
    }
    return result;
  };
};

/** For each matrix of a batch, which of the operand's it is made of. */
function placesOf(shape: Shape, batch: Shape): readonly number[] {
  if (broadcastShapes(shape, batch) === undefined) throw new RangeError(`wasm: [${shape.join()}] does not stretch to [${batch.join()}]`);
  const padded = [...batch.map(() => 1).slice(shape.length), ...shape];
  let places = [0];
  for (const [axis, length] of batch.entries()) {
    const own = padded[axis]!;
    places = places.flatMap((place) => Array.from({ length }, (_, i) => place * own + (own === 1 ? 0 : i)));
  }
  return places;
}

/** One matrix of a tensor, over the tensor's own memory. */
function part(backend: BackendWasm, whole: TensorInfo, place: number, matrix: Shape): TensorInfo {
  return backend.makeOutput([...matrix], "float32", backend.getMemoryOffset(whole.dataId) + 4 * place * sizeOf(matrix));
}

/** Takes such a tensor out of tfjs's books, and leaves its memory to whom it belongs. */
function forget(backend: BackendWasm, { dataId }: TensorInfo): void {
  backend.wasm.tfjs.disposeData(backend.dataIdMap.get(dataId).id);
  backend.dataIdMap.delete(dataId);
}
