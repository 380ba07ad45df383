import type { Backend, BackendBuffer, Graph, GraphNode, Program, RunResult } from "../contract/backend.ts";
import { communicatorWith } from "../contract/communicator.ts";
import { allocate, sizeOf } from "../contract/dtype.ts";
import { BackendError } from "../contract/errors.ts";

/** The part of a program between two exchanges. Values are called by their position in the whole graph. */
interface Stage {
  readonly graph: Graph;
  /** What is fed: leaves, and values of earlier stages. */
  readonly inputs: readonly number[];
  /** What comes out for later stages and exchanges; after that, the results of the whole program. */
  readonly carried: readonly number[];
  readonly outputs: readonly number[];
  /** Which of the program's updates are done here. */
  readonly updates: readonly number[];
  /** The `sumOverRanks` nodes whose values are exchanged after it. */
  readonly exchanges: readonly number[];
}

/**
 * Compiles a graph. Where processes exchange values (`sumOverRanks`), it is divided into stages: programs of their own,
 * between which the values pass through the host.
 *
 * @throws BackendError for an exchange inside a scan
 */
export async function compileInStages(graph: Graph, backend: Backend): Promise<Program> {
  if (graph.nodes.some(({ body }) => body !== undefined && exchanges(body)))
    throw new BackendError("meanOverRanks: processes cannot exchange values inside a scan\n  call it outside, once");
  if (!exchanges(graph)) return backend.compile(graph);
  const stages = stagesOf(graph);
  const programs: (Program | undefined)[] = [];
  for (const { graph: own } of stages)
    programs.push(own.outputs.length + own.updates.length > 0 ? await backend.compile(own) : undefined);
  return new StagedProgram(graph, stages, programs, backend);
}

function exchanges({ nodes }: Graph): boolean {
  return nodes.some(({ op, body }) => op === "sumOverRanks" || (body !== undefined && exchanges(body)));
}

/** What each node of a graph is to the exchanges. */
function rolesOf({ nodes }: Graph) {
  const isExchange = (position: number) => nodes[position]!.op === "sumOverRanks";
  const isReceived = (position: number) => nodes[position]!.op === "part" && isExchange(nodes[position]!.inputs[0]!);
  /** Made again in every stage that reads it. */
  const isConstant = (position: number) => nodes[position]!.op !== "leaf" && nodes[position]!.inputs.length === 0;
  const isComputed = (position: number) =>
    nodes[position]!.op !== "leaf" && !isExchange(position) && !isReceived(position) && !isConstant(position);
  return { isExchange, isReceived, isConstant, isComputed };
}

/**
 * The stage of each node: the latest that it can be in, so that an update, whose gradient is exchanged, stays whole. A
 * result is in the earliest.
 */
function stageNumbers(graph: Graph): number[] {
  const { nodes } = graph;
  const { isExchange, isReceived } = rolesOf(graph);
  const earliest: number[] = [];
  for (const { inputs } of nodes)
    earliest.push(Math.max(0, ...inputs.map((input) => earliest[input]! + (isExchange(input) ? 1 : 0))));
  const stage = nodes.map((_node, position) => (isExchange(position) ? earliest[position]! : Infinity));
  for (const position of [...graph.outputs, ...graph.updates.map(({ value }) => value)])
    stage[position] = earliest[position]!;
  for (let position = nodes.length - 1; position >= 0; position--) {
    if (isReceived(position)) continue;
    for (const input of nodes[position]!.inputs) stage[input] = Math.min(stage[input]!, stage[position]!);
  }
  for (const [position, { op, inputs }] of nodes.entries())
    if (op === "part" && !isReceived(position)) stage[position] = stage[inputs[0]!]!; // an op with all its results
  return stage;
}

function stagesOf(graph: Graph): Stage[] {
  const { nodes } = graph;
  const { isExchange, isConstant, isComputed } = rolesOf(graph);
  const stage = stageNumbers(graph);
  const positions = [...nodes.keys()];
  const readers = positions.filter((position) => isExchange(position) || isComputed(position));
  const readBy = (some: readonly number[]) => some.flatMap((position) => nodes[position]!.inputs);
  // An update is done when its leaf has been read for the last time.
  const updatedIn = graph.updates.map(({ input, value }) => {
    const reading = readers.filter((position) => nodes[position]!.inputs.includes(graph.inputs[input]!));
    return Math.max(isComputed(value) ? stage[value]! : 0, ...reading.map((position) => stage[position]!));
  });
  const last = Math.max(...updatedIn, ...readers.map((position) => stage[position]! + (isExchange(position) ? 1 : 0)));
  return Array.from({ length: last + 1 }, (_, number): Stage => {
    const here = (position: number) => stage[position] === number;
    const exchanged = positions.filter((position) => isExchange(position) && here(position));
    const computed = positions.filter((position) => isComputed(position) && here(position));
    const outputs = graph.outputs.filter(here);
    const updates = [...graph.updates.keys()].filter((i) => updatedIn[i] === number);
    const leaves = updates.map((i) => graph.inputs[graph.updates[i]!.input]!);
    const read = new Set([...readBy(computed), ...leaves, ...updates.map((i) => graph.updates[i]!.value)]);
    const sent = new Set(readBy(exchanged));
    const readLater = new Set([
      ...readBy(readers.filter((position) => stage[position]! > number)),
      ...graph.updates.filter((_update, i) => updatedIn[i]! > number).map(({ value }) => value),
    ]);
    const wanted = new Set([...read, ...sent, ...outputs]);
    const own = positions.filter((position) =>
      isConstant(position) ? wanted.has(position) : computed.includes(position),
    );
    const carried = own.filter((position) => sent.has(position) || (isComputed(position) && readLater.has(position)));
    const inputs = positions.filter((position) => read.has(position) && !own.includes(position));
    const part = pick(graph, { inputs, own, results: [...carried, ...outputs], updates });
    return { graph: part, inputs, carried, outputs, updates, exchanges: exchanged };
  });
}

interface Choice {
  /** Fed from outside. */
  readonly inputs: readonly number[];
  readonly own: readonly number[];
  readonly results: readonly number[];
  /** Numbers of the whole graph's updates. */
  readonly updates: readonly number[];
}

/** Some nodes of a graph as a graph of their own. */
function pick({ nodes, inputs: leaves, updates }: Graph, { inputs, own, results, updates: chosen }: Choice): Graph {
  const places = new Map([...inputs, ...own].map((position, place) => [position, place]));
  const placeOf = (position: number) => places.get(position)!;
  const fed = inputs.map((position): GraphNode => {
    const { shape, dtype } = nodes[position]!;
    return { op: "leaf", inputs: [], attributes: {}, shape, dtype };
  });
  const computed = own.map((position) => ({ ...nodes[position]!, inputs: nodes[position]!.inputs.map(placeOf) }));
  return {
    nodes: [...fed, ...computed],
    inputs: [...fed.keys()],
    outputs: results.map(placeOf),
    updates: chosen.map((i) => ({
      input: placeOf(leaves[updates[i]!.input]!),
      value: placeOf(updates[i]!.value),
    })),
  };
}

/** Programs that run one after the other, and what processes exchange between them. */
class StagedProgram implements Program {
  readonly #graph: Graph;
  readonly #stages: readonly Stage[];
  readonly #programs: readonly (Program | undefined)[];
  readonly #backend: Backend;
  /** The array in which an exchange travels: one for each dtype, used again in every run. */
  readonly #flat = new Map<string, Float32Array | Float64Array>();

  constructor(graph: Graph, stages: readonly Stage[], programs: readonly (Program | undefined)[], backend: Backend) {
    this.#graph = graph;
    this.#stages = stages;
    this.#programs = programs;
    this.#backend = backend;
  }

  async run(inputs: readonly BackendBuffer[]): Promise<RunResult> {
    const { inputs: leaves, outputs, updates } = this.#graph;
    const fed = new Map(leaves.map((position, i) => [position, inputs[i]!]));
    const made = new Map<number, BackendBuffer>(); // what this run must free
    const valueOf = (position: number) => made.get(position) ?? fed.get(position)!;
    const results = new Map<number, BackendBuffer[]>();
    const updated = new Map<number, BackendBuffer>();
    try {
      for (const [number, stage] of this.#stages.entries()) {
        const result = await this.#programs[number]?.run(stage.inputs.map(valueOf));
        for (const [i, position] of stage.carried.entries()) made.set(position, result!.outputs[i]!);
        for (const [i, position] of stage.outputs.entries())
          results.set(position, [...(results.get(position) ?? []), result!.outputs[stage.carried.length + i]!]);
        for (const [i, update] of stage.updates.entries()) updated.set(update, result!.updates[i]!);
        for (const exchange of stage.exchanges) await this.#exchange(exchange, valueOf, made);
        this.#freeAfter(number, made);
      }
    } finally {
      for (const buffer of made.values()) this.#backend.free(buffer);
    }
    return {
      outputs: outputs.map((position) => results.get(position)!.shift()!),
      updates: updates.map((_, i) => updated.get(i)!),
    };
  }

  /** Sums what one node has over all processes; adds what comes back to `made`. */
  async #exchange(exchange: number, valueOf: (position: number) => BackendBuffer, made: Map<number, BackendBuffer>) {
    const { nodes } = this.#graph;
    const { inputs, attributes } = nodes[exchange]!;
    const communicator = communicatorWith(attributes["communicator"] as number);
    const received = [...nodes.entries()].filter(
      ([
        ,
        {
          op,
          inputs: [owner],
        },
      ]) => op === "part" && owner === exchange,
    );
    for (const dtype of ["float32", "float64"] as const) {
      const sent = [...new Set(inputs)].filter((position) => nodes[position]!.dtype === dtype);
      if (sent.length === 0) continue;
      const starts = new Map<number, number>();
      let length = 0;
      for (const position of sent) {
        starts.set(position, length);
        length += sizeOf(nodes[position]!.shape);
      }
      const key = `${exchange} ${dtype}`;
      const flat = this.#flat.get(key) ?? (allocate(dtype, length) as Float32Array | Float64Array);
      this.#flat.set(key, flat);
      for (const position of sent) {
        const buffer = valueOf(position);
        flat.set(this.#backend.view?.(buffer) ?? (await this.#backend.download(buffer)), starts.get(position)!);
      }
      await communicator.sum(flat);
      for (const [position, node] of received) {
        if (node.dtype !== dtype) continue;
        const start = starts.get(inputs[node.attributes["index"] as number]!)!;
        const place = flat.subarray(start, start + sizeOf(node.shape));
        const values = this.#backend.releasesInputs === true ? place : place.slice(); // written again in the next run
        made.set(position, this.#backend.upload(values, node.shape, dtype));
      }
    }
  }

  /** Frees what no later stage needs. */
  #freeAfter(number: number, made: Map<number, BackendBuffer>): void {
    const later = this.#stages.slice(number + 1);
    const needed = new Set(
      later.flatMap(({ inputs, exchanges: own }) => [...inputs, ...own.flatMap((at) => this.#graph.nodes[at]!.inputs)]),
    );
    for (const [position, buffer] of made) {
      if (needed.has(position)) continue;
      this.#backend.free(buffer);
      made.delete(position);
    }
  }

  dispose(): void {
    for (const program of this.#programs) program?.dispose();
  }
}
