import { sizeOf, type DType, type Shape } from "../contract/dtype.ts";
import { showShape } from "../contract/shape.ts";
import { isCell, isParameter, type Cell } from "../graph/cell.ts";
import type { Module } from "./module.ts";

/** A module, parameter or buffer, and what is in it. */
export interface ModuleNode {
  readonly name: string;
  /** The class of a module, "Parameter" or "Buffer"; empty for a list or record of them. */
  readonly type: string;
  /** The trained values of this node itself: a module has none, since its parameters are nodes of their own. */
  readonly parameters: number;
  readonly shape?: Shape;
  readonly dtype?: DType;
  readonly trainable?: boolean;
  readonly children: readonly ModuleNode[];
}

/** Marks modules of every copy of core. */
export const moduleMark: unique symbol = Symbol.for("ansatz.module");

/** Whether a value is a module, also of another copy of core. */
export function isModule(value: unknown): value is Module {
  return typeof value === "object" && value !== null && moduleMark in value;
}

/** The tree of a model; of several modules by name, a tree with each as a branch. */
export function moduleTree(model: Module | readonly (readonly [string, Module])[]): ModuleNode {
  if (isModule(model)) return nodeOf("", model);
  const nodes = model.map(([name, module]) => nodeOf(name, module));
  return nodes.length === 1 ? nodes[0]! : { name: "", type: "", parameters: 0, children: nodes };
}

function nodeOf(name: string, value: Module | Cell | object): ModuleNode {
  if (!isCell(value))
    return { name, type: isModule(value) ? value.constructor.name : "", parameters: 0, children: childrenOf(value) };
  const { shape, dtype } = value;
  if (!isParameter(value)) return { name, type: "Buffer", parameters: 0, shape, dtype, children: [] };
  const { trainable } = value;
  return { name, type: "Parameter", parameters: sizeOf(shape), shape, dtype, trainable, children: [] };
}

/** The modules, parameters and buffers among an object's fields; lists and records count if they hold some. */
function childrenOf(value: object): ModuleNode[] {
  return Object.entries(value).flatMap(([name, child]: [string, unknown]) => {
    if (typeof child !== "object" || child === null) return [];
    if (isCell(child) || isModule(child)) return [nodeOf(name, child)];
    const plain = Array.isArray(child) || Object.getPrototypeOf(child) === Object.prototype;
    if (!plain) return [];
    const node = nodeOf(name, child);
    return node.children.length > 0 ? [node] : [];
  });
}

/** A model's tree as a table of names, types, shapes and parameter counts, with the totals below. */
export function summarize(model: Module): string {
  const rows: string[][] = [["layer", "type", "shape", "parameters"]];
  const walk = (node: ModuleNode, depth: number): void => {
    const shape = node.shape === undefined ? "" : `${showShape(node.shape)} ${node.dtype!}`;
    const frozen = node.trainable === false ? " (frozen)" : "";
    const count = node.type === "Buffer" ? "" : countIn(node).toLocaleString("en");
    rows.push([
      `${"  ".repeat(depth)}${node.name || node.type}`,
      node.name === "" ? "" : node.type + frozen,
      shape,
      count,
    ]);
    for (const child of node.children) walk(child, depth + 1);
  };
  const tree = moduleTree(model);
  walk(tree, 0);
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 3 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  const [head = [], ...body] = rows;
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  return [line(head), rule, ...body.map(line), rule, totals(tree)].join("\n");
}

function countIn(node: ModuleNode): number {
  return node.children.reduce((count, child) => count + countIn(child), node.parameters);
}

function totals(tree: ModuleNode): string {
  const frozen = (node: ModuleNode): number =>
    node.children.reduce((count, child) => count + frozen(child), node.trainable === false ? node.parameters : 0);
  const all = countIn(tree);
  const fixed = frozen(tree);
  return (
    `${all.toLocaleString("en")} parameters` + (fixed === 0 ? "" : `, ${fixed.toLocaleString("en")} of them frozen`)
  );
}
