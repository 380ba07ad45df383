import type { Shape } from "@ansatz/core";
import { numberAttribute, sizeOf, type GraphNode, type TensorType } from "@ansatz/core/plugin";
import { indexCheck } from "@ansatz/kernels";
import { several, type Prepare, type TfjsEngine } from "@ansatz/tfjs";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { operation, scalar, vector } from "../tensorflow.ts";

/** Indices are read on the host even if there is a GPU, whose kernels do not report indices that are out of range. */
function indicesOf(engine: TfjsEngine, tensor: TensorInfo): Int32Array {
  return engine.view(tensor) as Int32Array;
}

/** Positions in the flattened array for an op along an axis. */
function flatPositions(node: GraphNode, array: TensorType, indexType: TensorType, engine: TfjsEngine) {
  const axis = numberAttribute(node, "axis");
  const check = indexCheck(node, array, indexType);
  const [length, inner] = [array.shape[axis]!, sizeOf(array.shape.slice(axis + 1))];
  const block = indexType.shape[axis]! * inner;
  return (tensor: TensorInfo): TensorInfo => {
    const indices = indicesOf(engine, tensor);
    check(indices);
    const positions = indices.map((index, i) => (Math.floor(i / block) * length + index) * inner + (i % inner));
    return engine.write(positions, [positions.length], "int32");
  };
}

const reshaping = (engine: TfjsEngine, shape: Shape) => operation(engine, "Reshape", {}, [vector(shape)]);

/**
 * Ops that read or add at positions given by a tensor. Sums of integers, and additions along any axis but the first,
 * run in plain TypeScript.
 */
export const indexing: Readonly<Record<string, Prepare>> = {
  gather: (node, [x, indices], engine) => {
    const check = indexCheck(node, x!, indices!);
    const run = operation(engine, "GatherV2", {}, [scalar(numberAttribute(node, "axis"))]);
    return ([array, positions]) => {
      check(indicesOf(engine, positions!));
      return run([array!, positions!]);
    };
  },
  scatterAdd: (node, [base, indices], engine) => {
    if (node.dtype !== "float32" || numberAttribute(node, "axis") !== 0) return undefined;
    const check = indexCheck(node, base!, indices!);
    const count = sizeOf(indices!.shape);
    const [column, rows] = [reshaping(engine, [count, 1]), reshaping(engine, [count, ...node.shape.slice(1)])];
    const run = operation(engine, "TensorScatterAdd");
    return ([array, positions, updates]) => {
      check(indicesOf(engine, positions!));
      return several(engine, (own) => run([array!, own(column([positions!])), own(rows([updates!]))]));
    };
  },
  takeAlongAxis: (node, [x, indices], engine) => {
    const positionsOf = flatPositions(node, x!, indices!, engine);
    const [flat, shaped] = [reshaping(engine, [-1]), reshaping(engine, node.shape)];
    const run = operation(engine, "GatherV2", {}, [scalar(0)]);
    return ([array, positions]) =>
      several(engine, (own) => shaped([own(run([own(flat([array!])), own(positionsOf(positions!))]))]));
  },
  scatterAddAlongAxis: (node, [base, indices], engine) => {
    if (node.dtype !== "float32") return undefined;
    const positionsOf = flatPositions(node, base!, indices!, engine);
    const [flat, column, shaped] = [reshaping(engine, [-1]), reshaping(engine, [-1, 1]), reshaping(engine, node.shape)];
    const run = operation(engine, "TensorScatterAdd");
    return ([array, positions, updates]) =>
      several(engine, (own) => {
        const places = own(column([own(positionsOf(positions!))]));
        return shaped([own(run([own(flat([array!])), places, own(flat([updates!]))]))]);
      });
  },
  dynamicSlice: (node, [x], engine) => {
    const limits = x!.shape.map((length, axis) => length - node.shape[axis]!);
    const run = operation(engine, "Slice", {}, [vector(node.shape)]);
    return ([array, starts]) => several(engine, (own) => run([array!, own(clamped(engine, starts!, limits))]));
  },
  dynamicUpdateSlice: (node, [, update], engine) => {
    const lengths = update!.shape;
    const limits = node.shape.map((length, axis) => length - lengths[axis]!);
    const run = operation(engine, "TensorStridedSliceUpdate");
    const ones = vector(node.shape.map(() => 1));
    return ([array, part, starts]) =>
      several(engine, (own) => {
        const begin = own(clamped(engine, starts!, limits));
        const end = indicesOf(engine, begin).map((start, axis) => start + lengths[axis]!);
        return run([
          array!,
          begin,
          own(engine.write(end, begin.shape, "int32")),
          own(engine.write(ones.data, ones.shape, "int32")),
          part!,
        ]);
      });
  },
};

/** The starts, clamped so that the region fits. */
function clamped(engine: TfjsEngine, starts: TensorInfo, limits: readonly number[]): TensorInfo {
  const inside = indicesOf(engine, starts).map((start, axis) => Math.min(Math.max(start, 0), limits[axis]!));
  return engine.write(inside, [inside.length], "int32");
}
