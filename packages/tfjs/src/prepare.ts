import { BackendError } from "@ansatz/core";
import type { GraphNode, TensorType } from "@ansatz/core/plugin";
import { getKernel, type NamedAttrMap, type TensorInfo } from "@tensorflow/tfjs-core";
import type { TfjsEngine } from "./tfjs-engine.ts";

/**
 * Prepares a tfjs kernel for a node and returns a function from the operands to the result. It returns undefined if
 * tfjs has no kernel with the same meaning for these shapes and dtypes; the op then runs in plain TypeScript.
 */
export type Prepare = (
  node: GraphNode,
  inputs: readonly TensorType[],
  engine: TfjsEngine,
) => ((operands: readonly TensorInfo[]) => TensorInfo) | undefined;

/** Prepares a kernel for an op with several results, one for each of `node.parts`. */
export type PrepareParts = (
  node: GraphNode,
  inputs: readonly TensorType[],
  engine: TfjsEngine,
) => (operands: readonly TensorInfo[]) => readonly TensorInfo[];

/**
 * A tfjs kernel, called without tfjs's own engine, since a backend needs neither its tape nor its scopes.
 *
 * @throws BackendError if tfjs has no such kernel
 */
export function kernelOf(
  engine: TfjsEngine,
  name: string,
): (inputs: Readonly<Record<string, TensorInfo>> | readonly TensorInfo[], attributes?: object) => TensorInfo {
  const config = getKernel(name, engine.name);
  if (config === undefined || config === null)
    throw new BackendError(`${engine.name}: tfjs has no kernel "${name}"\n  use a version of tfjs that has it`);
  const { kernelFunc } = config;
  const { backend } = engine;
  return (inputs, attributes = {}) =>
    kernelFunc({
      inputs: inputs as Record<string, TensorInfo>,
      attrs: attributes as NamedAttrMap,
      backend,
    }) as TensorInfo;
}
