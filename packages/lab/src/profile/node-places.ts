import type { Module } from "@ansatz/core";
import { originOf, watchGradients, type Graph, type GraphNode } from "@ansatz/core/plugin";
import { ModuleTrace } from "../diagnose/module-trace.ts";

/** The part of a training step that a node belongs to. */
export interface NodePlace {
  /** The path of the innermost module, such as `blocks.0.attention`; undefined outside all modules. */
  readonly module: string | undefined;
  readonly pass: "forward" | "backward";
}

/**
 * Tells where the nodes of a program come from. A tensor that is recorded while a module's `forward` runs belongs to
 * that module. One that is recorded by the gradient rule of another belongs to the module of that other, in the
 * backward pass.
 */
export class NodePlaces {
  #trace: ModuleTrace | undefined;
  /** For each tensor that a gradient rule recorded: the tensor whose rule it was, both by number. */
  readonly #gradients = new Map<number, number>();
  readonly #places = new WeakMap<GraphNode, NodePlace>();
  readonly #end: () => void;

  constructor() {
    this.#end = watchGradients(({ node: { id } }, first, last) => {
      // Inner rules end before outer ones, and the innermost counts.
      for (let tensor = first + 1; tensor <= last; tensor++)
        if (!this.#gradients.has(tensor)) this.#gradients.set(tensor, id);
    });
  }

  /** From now on, calls of these modules are traced. */
  trace(modules: readonly (readonly [string, Module])[]): void {
    this.#trace ??= new ModuleTrace(modules);
  }

  /** Notes the places of a program's nodes. It must be called before the tensors of the next step are recorded. */
  note({ nodes }: Graph): void {
    for (const node of nodes) {
      const origin = originOf(node);
      if (origin !== undefined) this.#places.set(node, this.#placeOf(origin));
      if (node.body !== undefined) this.note(node.body);
    }
  }

  placeOf(node: GraphNode): NodePlace | undefined {
    return this.#places.get(node);
  }

  /** Forgets the gradients of the step before, which has been compiled. */
  nextStep(): void {
    this.#gradients.clear();
  }

  #placeOf(origin: number): NodePlace {
    let tensor = origin;
    for (;;) {
      const of = this.#gradients.get(tensor);
      if (of === undefined || of >= tensor) break;
      tensor = of;
    }
    return { module: this.#trace?.callOf(tensor)?.path, pass: tensor === origin ? "forward" : "backward" };
  }

  [Symbol.dispose](): void {
    this.#end();
    this.#trace?.[Symbol.dispose]();
  }
}
