import type { Backend, Graph, GraphNode, Program } from "../contract/backend.ts";
import { BackendError } from "../contract/errors.ts";
import { StagedProgram } from "./staged-program.ts";

/** The part of a program between two exchanges. Values are called by their position in the whole graph. */
export interface Stage {
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
    const isOwn = (position: number) =>
      isConstant(position) ? wanted.has(position) : isComputed(position) && here(position);
    const own = positions.filter(isOwn);
    const carried = own.filter((position) => sent.has(position) || (isComputed(position) && readLater.has(position)));
    const inputs = positions.filter((position) => read.has(position) && !isOwn(position));
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
