import type { Shape } from "@ansatz/core";
import { operand, type Site, typeOf } from "../model/lowering.ts";

/**
 * The operands of a binary op. If one was broadcast to the result's shape and the other has that shape, the broadcast
 * is skipped: ONNX broadcasts by itself, so no copy is made.
 */
export function operandsOf(site: Site): [string, string] {
  const [a, b] = [operand(site, 0), operand(site, 1)];
  const full = site.node.shape;
  if (equalShapes(typeOf(site, 1).shape, full)) {
    const before = unbroadcast(site, 0);
    if (before !== undefined) return [before, b];
  }
  if (equalShapes(typeOf(site, 0).shape, full)) {
    const before = unbroadcast(site, 1);
    if (before !== undefined) return [a, before];
  }
  return [a, b];
}

function unbroadcast(site: Site, position: number): string | undefined {
  const producer = site.graph.nodes[site.node.inputs[position] ?? -1];
  const source = producer?.inputs[0];
  return producer?.op === "broadcastTo" && source !== undefined ? site.value(source) : undefined;
}

export function equalShapes(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** All positions along axes of these lengths, the last axis fastest. */
export function placesOf(lengths: Shape): readonly (readonly number[])[] {
  return lengths.reduce<readonly (readonly number[])[]>(
    (before, length) => before.flatMap((place) => Array.from({ length }, (_, i) => [...place, i])),
    [[]],
  );
}

/**
 * An operand that holds indices, in which negative ones lie beyond any axis, so that onnxruntime refuses them: it would
 * count them from the end. Equal nodes are shared, so this is done once for each tensor of indices.
 */
export function indicesAt(site: Site, position: number): string {
  return indicesOf(site, site.node.inputs[position] ?? -1);
}

/** The same for a node that holds indices. */
export function indicesOf({ onnx, value }: Site, index: number): string {
  const indices = value(index);
  const negative = onnx.op("Less", [indices, onnx.scalar("int32", 0)]);
  return onnx.op("Where", [negative, onnx.scalar("int32", beyondAnyAxis), indices]);
}

/** The largest int32. */
const beyondAnyAxis = 2 ** 31 - 1;
