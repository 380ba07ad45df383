import type { Backend, BackendBuffer, Graph, Program, RunResult } from "../contract/backend.ts";
import { Exchange } from "./exchange.ts";
import type { Stage } from "./stages.ts";

/** A stage as it is run. */
interface Step extends Stage {
  /** Undefined if it computes nothing. */
  readonly program: Program | undefined;
  readonly exchanged: readonly Exchange[];
  /** What later stages read. */
  readonly neededLater: ReadonlySet<number>;
}

/** Programs that run one after the other, and what processes exchange between them. */
export class StagedProgram implements Program {
  readonly #graph: Graph;
  readonly #steps: readonly Step[];
  readonly #backend: Backend;

  constructor(graph: Graph, stages: readonly Stage[], programs: readonly (Program | undefined)[], backend: Backend) {
    const readBy = ({ inputs, exchanges }: Stage) => [...inputs, ...exchanges.flatMap((at) => graph.nodes[at]!.inputs)];
    this.#graph = graph;
    this.#backend = backend;
    this.#steps = stages.map((stage, i) => ({
      ...stage,
      program: programs[i],
      exchanged: stage.exchanges.map((position) => new Exchange(graph, position)),
      neededLater: new Set(stages.slice(i + 1).flatMap(readBy)),
    }));
  }

  async run(inputs: readonly BackendBuffer[]): Promise<RunResult> {
    const { inputs: leaves, outputs, updates } = this.#graph;
    const fed = new Map(leaves.map((position, i) => [position, inputs[i]!]));
    const made = new Map<number, BackendBuffer>(); // what this run must free
    const valueOf = (position: number) => made.get(position) ?? fed.get(position)!;
    const results = new Map<number, BackendBuffer[]>();
    const updated = new Map<number, BackendBuffer>();
    try {
      for (const { program, inputs: read, carried, outputs: own, updates: done, exchanged, neededLater } of this
        .#steps) {
        const result = await program?.run(read.map(valueOf));
        for (const [i, position] of carried.entries()) made.set(position, result!.outputs[i]!);
        for (const [i, position] of own.entries())
          results.set(position, [...(results.get(position) ?? []), result!.outputs[carried.length + i]!]);
        for (const [i, update] of done.entries()) updated.set(update, result!.updates[i]!);
        for (const exchange of exchanged)
          for (const [position, sum] of await exchange.run(this.#backend, valueOf)) made.set(position, sum);
        for (const [position, buffer] of made) {
          if (neededLater.has(position)) continue;
          this.#backend.free(buffer);
          made.delete(position);
        }
      }
    } finally {
      for (const buffer of made.values()) this.#backend.free(buffer);
    }
    return {
      outputs: outputs.map((position) => results.get(position)!.shift()!),
      updates: updates.map((_, i) => updated.get(i)!),
    };
  }

  dispose(): void {
    for (const { program } of this.#steps) program?.dispose();
  }
}
