import type { Backend, Graph, GraphNode } from "../contract/backend.ts";
import { Closure } from "../graph/closure.ts";
import { dtypes } from "../contract/dtype.ts";
import { BackendError } from "../contract/errors.ts";
import { isLeaf } from "../graph/leaf.ts";
import { whileBypassing } from "../graph/op.ts";
import { gatherScans, type MergedScan } from "../loop/scan-merge.ts";
import type { Tensor } from "../graph/tensor.ts";
import { newestNode } from "../graph/node.ts";
import { topological } from "../graph/walk.ts";
import { noteOrigin } from "./origins.ts";

type Supports = Backend["supports"];

/** What every backend has, or never sees. */
const structural: ReadonlySet<string> = new Set(["constant", "part", "scan", "sumOverRanks"]);

/**
 * Writes the graph behind `outputs` for a backend: aliases followed, composites that it lacks expanded, scans of one
 * body merged, dead code dropped. `leaves` become the inputs, in their order.
 * @throws BackendError for an op or dtype that the backend lacks
 */
export function lower(
  outputs: readonly Tensor[],
  updates: readonly { readonly leaf: Tensor; readonly value: Tensor }[],
  leaves: readonly Tensor[],
  backend: Pick<Backend, "name" | "supports">,
): Graph {
  const supports: Supports = (op, dtype) => backend.supports(op, dtype);
  const builder = new GraphBuilder(leaves, supports, backend.name);
  const roots = [...outputs, ...updates.map((update) => update.value)];
  const positions = builder.build(roots);
  return {
    nodes: builder.nodes,
    inputs: leaves.map((_, i) => i),
    outputs: positions.slice(0, outputs.length),
    updates: updates.map((update, i) => ({
      input: leaves.indexOf(update.leaf),
      value: positions[outputs.length + i]!,
    })),
  };
}

/** A placeholder of a scan or a compiled function that was used outside it. */
export function strayPlaceholder(tensor: Tensor): BackendError {
  return new BackendError(
    `a ${tensor.toString()} from inside a scan or a compiled function was used outside it\n` +
      "  return it from the function instead",
  );
}

/** Roots, shallowest first: the last layer's gradients come early and release their inputs. */
function shallowestFirst(roots: readonly Tensor[]): Tensor[] {
  const depths = new Map<Tensor, number>();
  for (const tensor of topological(roots)) {
    let depth = 0;
    for (const input of tensor.node.inputs) depth = Math.max(depth, depths.get(input)! + 1);
    depths.set(tensor, depth);
  }
  return roots.toSorted((a, b) => depths.get(a)! - depths.get(b)!);
}

class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly #positions = new Map<Tensor, number>();
  readonly #expansions = new Map<Tensor, Tensor | readonly Tensor[]>();
  readonly #bypasses = new Map<Tensor, Tensor>();
  /** For each tensor that was recorded here: the tensor that it stands for, both by number. */
  readonly #origins = new Map<number, number>();
  readonly #supports: Supports;
  readonly #backend: string;
  #scans = new Map<Tensor, MergedScan>();

  constructor(leaves: readonly Tensor[], supports: Supports, backend: string) {
    this.#supports = supports;
    this.#backend = backend;
    for (const tensor of leaves) {
      this.#positions.set(tensor, this.nodes.length);
      this.nodes.push({ op: "leaf", inputs: [], attributes: {}, shape: tensor.shape, dtype: tensor.dtype });
    }
  }

  build(roots: readonly Tensor[]): number[] {
    this.#scans = gatherScans(this.#reach(roots));
    const stack = shallowestFirst(roots).reverse();
    while (stack.length > 0) {
      const tensor = this.#resolve(stack[stack.length - 1]!);
      if (this.#positions.has(tensor)) {
        stack.pop();
        continue;
      }
      const inputs = this.#inputsOf(tensor);
      const missing = inputs.filter((x) => !this.#positions.has(this.#resolve(x)));
      if (missing.length > 0) {
        for (let i = missing.length - 1; i >= 0; i--) stack.push(missing[i]!);
        continue;
      }
      stack.pop();
      this.#emit(
        tensor,
        inputs.map((x) => this.#positions.get(this.#resolve(x))!),
      );
    }
    return roots.map((root) => this.#positions.get(this.#resolve(root))!);
  }

  /** Every tensor needed, in resolved form, before anything is written. */
  #reach(roots: readonly Tensor[]): readonly Tensor[] {
    const seen = new Set<Tensor>();
    const order: Tensor[] = [];
    const stack = [...roots];
    while (stack.length > 0) {
      const tensor = this.#resolve(stack.pop()!);
      if (seen.has(tensor)) continue;
      seen.add(tensor);
      order.push(tensor);
      if (!this.#positions.has(tensor)) stack.push(...tensor.node.inputs);
    }
    return order;
  }

  #inputsOf(tensor: Tensor): readonly Tensor[] {
    return this.#scans.get(tensor)?.inputs ?? tensor.node.inputs;
  }

  /** Follows aliases and expansions, as far as they go. */
  #resolve(tensor: Tensor): Tensor {
    let resolved = tensor;
    for (;;) {
      if (this.#positions.has(resolved)) return resolved;
      const next = this.#step(resolved);
      if (next === resolved) return resolved;
      resolved = next;
    }
  }

  #step(tensor: Tensor): Tensor {
    if (tensor.node.op.alias === true) return tensor.node.inputs[0]!;
    if (tensor.node.op.name === "part") {
      const owner = this.#expanded(tensor.node.inputs[0]!);
      if (owner !== undefined) return (owner as readonly Tensor[])[tensor.node.attributes.index as number]!;
      return tensor;
    }
    const scan = this.#scans.get(tensor);
    if (scan !== undefined) return scan.representative;
    return (this.#expanded(tensor) as Tensor | undefined) ?? this.#bypassed(tensor);
  }

  #expanded(tensor: Tensor): Tensor | readonly Tensor[] | undefined {
    const { op } = tensor.node;
    if (op.expand === undefined) return undefined;
    if (this.#supports(op.name, tensor.node.inputs[0]?.dtype ?? tensor.dtype)) return undefined;
    let expansion = this.#expansions.get(tensor);
    if (expansion === undefined) {
      const { inputs, attributes, body } = tensor.node;
      this.#expansions.set(tensor, (expansion = this.#recording(tensor, () => op.expand!(inputs, attributes, body))));
    }
    return expansion;
  }

  /** Records what stands for a tensor. */
  #recording<Result>(tensor: Tensor, record: () => Result): Result {
    const before = newestNode();
    const result = record();
    const origin = this.#originOf(tensor);
    for (let id = before + 1; id <= newestNode(); id++) this.#origins.set(id, origin);
    return result;
  }

  #originOf({ node: { id } }: Tensor): number {
    return this.#origins.get(id) ?? id;
  }

  #bypassed(tensor: Tensor): Tensor {
    let simpler = this.#bypasses.get(tensor);
    if (simpler === undefined) {
      const bypass = () => tensor.node.op.bypass?.(tensor.node.inputs, tensor.node.attributes, tensor);
      simpler = whileBypassing(0, () => this.#recording(tensor, bypass)) ?? tensor;
      this.#bypasses.set(tensor, simpler);
    }
    return simpler;
  }

  #emit(tensor: Tensor, inputs: readonly number[]): void {
    const { shape, dtype } = tensor;
    const { op } = tensor.node;
    if (isLeaf(tensor)) throw strayPlaceholder(tensor);
    const inputType = tensor.node.inputs[0]?.dtype ?? dtype;
    if (!structural.has(op.name) && !this.#supports(op.name, inputType)) {
      const other = dtypes.find((known) => this.#supports(op.name, known));
      const mend =
        other === undefined
          ? "use a backend that has it, or say what it means in smaller ops: defineOp({ …, expand })"
          : `convert with cast(x, "${this.#supports(op.name, "float32") ? "float32" : other}"), or use another backend`;
      throw new BackendError(`${this.#backend} has no "${op.name}" for ${inputType}\n  ${mend}`);
    }
    const node: GraphNode = { op: op.name, inputs, attributes: tensor.node.attributes, shape, dtype };
    const scan = this.#scans.get(tensor);
    if (scan !== undefined)
      this.nodes.push({ ...node, attributes: scan.attributes, parts: scan.parts, body: this.#body(scan.closure) });
    else if (op.name === "part")
      this.nodes.push({
        ...node,
        attributes: { index: this.#scans.get(tensor.node.inputs[0]!)?.partOf(tensor) ?? tensor.node.attributes.index! },
      });
    else this.nodes.push(tensor.node.parts === undefined ? node : { ...node, parts: tensor.node.parts });
    noteOrigin(this.nodes.at(-1)!, this.#originOf(tensor));
    this.#positions.set(tensor, this.nodes.length - 1);
  }

  #body(closure: Closure): Graph {
    return lower(closure.outputs, [], [...closure.captured, ...closure.placeholders], {
      name: this.#backend,
      supports: this.#supports,
    });
  }
}
