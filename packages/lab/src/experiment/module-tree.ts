import type { Cell, Module } from "@ansatz/core";
import { isCell, isModule, isParameter, sizeOf } from "@ansatz/core/plugin";

/** A module, parameter or buffer in `model.json`. */
export interface ModuleNode {
  readonly name: string;
  readonly type: string;
  /** The trained values of this node itself: modules have none, their parameters are nodes of their own. */
  readonly parameters: number;
  readonly shape?: readonly number[];
  readonly children: readonly ModuleNode[];
}

/** The tree of a model; of several modules, a tree with each as a branch. */
export function moduleTree(modules: readonly (readonly [string, Module])[]): ModuleNode {
  const nodes = modules.map(([name, module]) => nodeOf(name, module));
  return nodes.length === 1 ? nodes[0]! : { name: "", type: "", parameters: 0, children: nodes };
}

function nodeOf(name: string, value: Module | Cell | object): ModuleNode {
  if (isCell(value))
    return {
      name,
      type: isParameter(value) ? "Parameter" : "Buffer",
      parameters: isParameter(value) ? sizeOf(value.shape) : 0,
      shape: value.shape,
      children: [],
    };
  return { name, type: isModule(value) ? value.constructor.name : "", parameters: 0, children: childrenOf(value) };
}

/** The modules, parameters and buffers among an object's fields; lists and records count where they hold some. */
function childrenOf(value: object): ModuleNode[] {
  return Object.entries(value).flatMap(([name, child]: [string, unknown]) => {
    if (typeof child !== "object" || child === null) return [];
    if (isCell(child) || isModule(child)) return [nodeOf(name, child)];
    const plain = Array.isArray(child) || Object.getPrototypeOf(child) === Object.prototype;
    return plain && childrenOf(child).length > 0 ? [nodeOf(name, child)] : [];
  });
}
