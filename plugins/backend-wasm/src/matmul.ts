import { BackendError, type Shape } from "@ansatz/core";
import { broadcastShapes, showShape, sizeOf, type GraphNode, type TensorType } from "@ansatz/core/plugin";
import { kernelOf, transposesOf, type Prepare, type TfjsEngine } from "@ansatz/tfjs";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { transposer } from "./matrices.ts";

/** The cost per element of a transpose, and of tfjs's rearrangement of the right operand, in the same unit. */
const cost = { transpose: 1, arrange: 5 };

/** Whether a node is a product of two matrices, which the kernel can read transposed. */
export const isPlainProduct = ({ shape, dtype }: GraphNode): boolean => shape.length === 2 && dtype === "float32";

/**
 * Matrix products, each as one call of tfjs without transposes, because only that call takes its fast path. tfjs would
 * multiply a batch number by number, so each matrix of a batch becomes a tensor over its part of the memory.
 */
export const prepareMatmul: Prepare = (node, [left, right], engine) => {
  if (node.dtype !== "float32" || left === undefined || right === undefined) return undefined;
  return node.shape.length === 2 ? product(node, left, right, engine) : batch(node, left, right, engine);
};

/** One product of matrices that may have to be transposed: as A B or as (Bᵀ Aᵀ)ᵀ, whichever moves less. */
function product(node: GraphNode, left: TensorType, right: TensorType, engine: TfjsEngine): ReturnType<Prepare> {
  const { transposeLeft, transposeRight } = transposesOf(node);
  const [a, b, c] = [sizeOf(left.shape), sizeOf(right.shape), sizeOf(node.shape)];
  const direct = cost.transpose * ((transposeLeft ? a : 0) + (transposeRight ? b : 0)) + cost.arrange * b;
  const swapped = cost.transpose * ((transposeLeft ? 0 : a) + (transposeRight ? 0 : b) + c) + cost.arrange * a;
  const multiply = multiplier(engine);
  const backend = engine.backend as BackendWasm;
  const transposed = transposer(engine);
  const swap = swapped < direct;
  const [first, second] = swap ? [!transposeRight, !transposeLeft] : [transposeLeft, transposeRight];
  return ([x, y]) => {
    const operands = swap ? ([y!, x!] as const) : ([x!, y!] as const);
    const made = [
      first ? transposed(operands[0]) : operands[0],
      second ? transposed(operands[1]) : operands[1],
    ] as const;
    const result = multiply(...made);
    for (const [i, operand] of made.entries()) if (operand !== operands[i]) backend.disposeData(operand.dataId);
    if (!swap) return result;
    const transposedBack = transposed(result);
    backend.disposeData(result.dataId);
    return transposedBack;
  };
}

/** The products of a batch, one after another. */
function batch(node: GraphNode, left: TensorType, right: TensorType, engine: TfjsEngine): ReturnType<Prepare> {
  const multiply = multiplier(engine);
  const backend = engine.backend as BackendWasm;
  const lengths = node.shape.slice(0, -2);
  const [leftMatrix, rightMatrix, matrix] = [left.shape.slice(-2), right.shape.slice(-2), node.shape.slice(-2)];
  const [leftPlaces, rightPlaces] = [
    placesOf(left.shape.slice(0, -2), lengths),
    placesOf(right.shape.slice(0, -2), lengths),
  ];
  const size = sizeOf(matrix);
  return ([a, b]) => {
    const result = backend.makeOutput([...node.shape], "float32");
    for (let i = 0; i < leftPlaces.length; i++) {
      const parts = [
        matrixOf(backend, a!, leftPlaces[i]!, leftMatrix),
        matrixOf(backend, b!, rightPlaces[i]!, rightMatrix),
      ] as const;
      const one = multiply(...parts);
      (backend.typedArrayFromHeap(result) as Float32Array).set(
        backend.typedArrayFromHeap(one) as Float32Array,
        i * size,
      );
      backend.disposeData(one.dataId);
      for (const operand of parts) forget(backend, operand);
    }
    return result;
  };
}

function multiplier(engine: TfjsEngine): (a: TensorInfo, b: TensorInfo) => TensorInfo {
  const multiply = kernelOf(engine, "BatchMatMul");
  return (a, b) => multiply({ a, b }, { transposeA: false, transposeB: false });
}

/** The matrix of the operand that each matrix of a batch reads. */
function placesOf(shape: Shape, batch: Shape): readonly number[] {
  if (broadcastShapes(shape, batch) === undefined)
    throw new BackendError(
      `wasm: the graph is malformed: a batch ${showShape(shape)} does not broadcast to ${showShape(batch)}\n` +
        "  check the code that recorded or rewrote it",
    );
  const padded = [...batch.map(() => 1).slice(shape.length), ...shape];
  let places = [0];
  for (const [axis, length] of batch.entries()) {
    const own = padded[axis]!;
    places = places.flatMap((place) => Array.from({ length }, (_, i) => place * own + (own === 1 ? 0 : i)));
  }
  return places;
}

/** A tensor over the memory of one matrix of another tensor. */
function matrixOf(backend: BackendWasm, whole: TensorInfo, place: number, matrix: Shape): TensorInfo {
  return backend.makeOutput([...matrix], "float32", backend.getMemoryOffset(whole.dataId) + 4 * place * sizeOf(matrix));
}

/** Makes tfjs forget a tensor of {@link matrixOf} without freeing its memory, which belongs to the other tensor. */
function forget(backend: BackendWasm, { dataId }: TensorInfo): void {
  backend.wasm.tfjs.disposeData(backend.dataIdMap.get(dataId).id);
  backend.dataIdMap.delete(dataId);
}
