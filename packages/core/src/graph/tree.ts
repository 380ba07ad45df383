import { isCell, type Cell } from "./cell.ts";
import { ArgumentError } from "../contract/errors.ts";
import { isTensor, type Tensor } from "./tensor.ts";

/** Tensors in arrays and records, to any depth. */
export type Tree<T = Tensor | Cell> = T | readonly Tree<T>[] | { readonly [name: string]: Tree<T> };

/** The same structure with every leaf replaced. */
export type MapTree<S, T> = Tree extends S
  ? Tree<T>
  : S extends Tensor | Cell
    ? T
    : S extends readonly unknown[]
      ? { [K in keyof S]: MapTree<S[K], T> }
      : S extends object
        ? { [K in keyof S]: MapTree<S[K], T> }
        : T;

/** Applies a function to every leaf and keeps the structure. */
export function mapTree<S extends Tree, T>(tree: S, change: (leaf: Tensor | Cell) => T): MapTree<S, T> {
  const walk = (node: Tree): unknown => {
    if (isTensor(node) || isCell(node)) return change(node);
    if (Array.isArray(node)) return (node as readonly Tree[]).map(walk);
    if (isRecord(node)) return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, walk(child)]));
    throw new ArgumentError(`expected tensors, in arrays or records, but found ${nameOf(node)}`);
  };
  return walk(tree) as MapTree<S, T>;
}

function isRecord(node: unknown): node is { readonly [name: string]: Tree } {
  if (typeof node !== "object" || node === null) return false;
  const prototype: unknown = Object.getPrototypeOf(node);
  return prototype === Object.prototype || prototype === null;
}

/** What stands where a tensor should, and what to pass instead. */
function nameOf(node: unknown): string {
  if (node === null) return "null";
  if (typeof node !== "object") return typeof node;
  const called = `a ${node.constructor.name}`;
  if (node instanceof Map)
    return `${called}\n  pass an array or a record: [...map.values()] or Object.fromEntries(map)`;
  return "parameters" in node ? `${called}\n  pass its parameters: module.parameters()` : called;
}

/** The leaves of a tree, in order. */
export function leavesOf(tree: Tree): (Tensor | Cell)[] {
  const leaves: (Tensor | Cell)[] = [];
  mapTree(tree, (leaf) => leaves.push(leaf));
  return leaves;
}

/** The same as tensors: a cell gives its latest value. */
export function tensorsIn(tree: Tree): Tensor[] {
  return leavesOf(tree).map((leaf) => (isCell(leaf) ? leaf.read() : leaf));
}

/** Puts new leaves, in order, into a structure. */
export function rebuild<S extends Tree, T>(tree: S, leaves: readonly T[]): MapTree<S, T> {
  let next = 0;
  return mapTree(tree, () => leaves[next++]!);
}
