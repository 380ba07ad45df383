import type { Graph, GraphNode } from "./backend.ts";
import type { TensorType } from "./dtype.ts";
import { BackendError } from "./errors.ts";

/**
 * An op made ready for one node: whatever follows from shapes and attributes is worked out once, here, and the function
 * that it returns is called at every run. That function only borrows its arguments; its result is a value of its own,
 * freed once.
 */
export type Kernel<Value> = (node: GraphNode, inputs: readonly TensorType[]) => (values: readonly Value[]) => Value;

/** The kernel of an op with several results, one for each of `node.parts`. */
export type PartsKernel<Value> = (
  node: GraphNode,
  inputs: readonly TensorType[],
) => (values: readonly Value[]) => readonly Value[];

/** What a backend that works op by op gives to the interpreter. `leaf`, `part` and `scan` are the interpreter's own. */
export interface KernelDevice<Value> {
  readonly name: string;
  readonly kernels: Readonly<Record<string, Kernel<Value>>>;
  readonly partsKernels: Readonly<Record<string, PartsKernel<Value>>>;
  /** Another handle on the same value; each handle is freed on its own. */
  share(value: Value): Value;
  free(value: Value): void;
  /** One step of a sequence along its first axis, without that axis. */
  step(sequence: Value, index: number, type: TensorType): Value;
  /** The results of all steps, joined along a new first axis into a value of the given type. */
  stack(steps: readonly Value[], type: TensorType): Value;
}

export interface InterpretedResult<Value> {
  readonly outputs: readonly Value[];
  readonly updates: readonly Value[];
}

/** A graph made ready to run: it borrows its inputs and hands its results over. */
export type InterpretedGraph<Value> = (inputs: readonly Value[]) => InterpretedResult<Value>;

type Run<Value> = (values: readonly Value[]) => readonly Value[];

/**
 * What happens at one node: the results it takes in, what it computes, and the nodes whose results nobody needs
 * afterwards.
 */
interface Step<Value> {
  readonly inputs: readonly number[];
  readonly run: Run<Value>;
  readonly released: readonly number[];
}

/**
 * Makes a graph ready to run op by op over a table of kernels: nodes run in order and each value is freed after its
 * last use. Throws for an op that the table lacks. Only the depth of nested scans recurses, never the length of a
 * graph.
 */
export function interpret<Value>(graph: Graph, device: KernelDevice<Value>): InterpretedGraph<Value> {
  const fed = new Map(graph.inputs.map((node, position) => [node, position]));
  const kept = [...graph.outputs, ...graph.updates.map((update) => update.value)];
  const released = releases(graph, kept);
  const steps = graph.nodes.map((node, position): Step<Value> => {
    const run = node.op === "leaf" ? nothing : prepare(graph, node, device);
    return { inputs: node.inputs, run, released: released[position] ?? [] };
  });

  return (inputs) => {
    // The results of each node: one, or one for each part.
    const results: (readonly Value[] | undefined)[] = Array.from({ length: steps.length });
    const release = (position: number): void => {
      for (const value of results[position] ?? []) device.free(value);
      results[position] = undefined;
    };
    try {
      steps.forEach((step, position) => {
        const input = fed.get(position);
        results[position] =
          input === undefined
            ? step.run(gather(graph, step, results))
            : [device.share(element(inputs, input, "input"))];
        step.released.forEach(release);
      });
      const values = kept.map((position) => device.share(element(results[position] ?? [], 0, "result")));
      return { outputs: values.slice(0, graph.outputs.length), updates: values.slice(graph.outputs.length) };
    } finally {
      // What is kept to the end, and whatever was alive when a kernel threw.
      for (let position = 0; position < results.length; position++) release(position);
    }
  };
}

const nothing = (): readonly never[] => [];

/** A tuple hands all of its results to the `part` that reads it; every other node has one result. */
function gather<Value>(
  graph: Graph,
  step: Step<Value>,
  results: readonly (readonly Value[] | undefined)[],
): readonly Value[] {
  const only = step.inputs[0];
  if (step.inputs.length === 1 && only !== undefined && graph.nodes[only]?.parts !== undefined)
    return results[only] ?? [];
  return step.inputs.map((input) => element(results[input] ?? [], 0, "value"));
}

/** For each node, the nodes that nothing needs after it has run. */
function releases(graph: Graph, kept: readonly number[]): readonly (readonly number[])[] {
  const lastUse = graph.nodes.map((_, position) => position);
  graph.nodes.forEach((node, position) => {
    for (const input of node.inputs) lastUse[input] = position;
  });
  const released: number[][] = graph.nodes.map(() => []);
  const stay = new Set(kept);
  lastUse.forEach((last, position) => {
    if (!stay.has(position)) released[last]?.push(position);
  });
  return released;
}

function prepare<Value>(graph: Graph, node: GraphNode, device: KernelDevice<Value>): Run<Value> {
  const types = node.inputs.map((input) => element(graph.nodes, input, "node"));
  if (node.op === "part") {
    const index = node.attributes["index"] as number;
    return (values) => [device.share(element(values, index, "part"))];
  }
  if (node.op === "scan") return prepareScan(node, types, device);
  const own = <Table extends object>(table: Table): Table[keyof Table] | undefined =>
    Object.hasOwn(table, node.op) ? table[node.op as keyof Table] : undefined;
  if (node.parts !== undefined) {
    const kernel = own(device.partsKernels);
    if (kernel !== undefined) return kernel(node, types);
  } else {
    const kernel = own(device.kernels);
    if (kernel !== undefined) {
      const run = kernel(node, types);
      return (values) => [run(values)];
    }
  }
  throw new BackendError(
    `${device.name}: there is no kernel for "${node.op}" of ${node.dtype} [${node.shape.join(",")}]\n` +
      `  choose a backend whose supports("${node.op}", "${node.dtype}") is true, or write the op in terms of others`,
  );
}

/** Runs the body once for each step. */
function prepareScan<Value>(node: GraphNode, types: readonly TensorType[], device: KernelDevice<Value>): Run<Value> {
  if (node.body === undefined || node.parts === undefined)
    throw new BackendError(`${device.name}: a scan needs a body and parts`);
  const body = interpret(node.body, device);
  const parts = node.parts;
  const {
    captured,
    carries: carryCount,
    length,
    reverse,
  } = node.attributes as {
    captured: number;
    carries: number;
    length: number;
    reverse: boolean;
  };

  return (values) => {
    const constants = values.slice(0, captured);
    const sequences = values.slice(captured + carryCount);
    const sequenceTypes = types.slice(captured + carryCount);
    let carries: readonly Value[] = values.slice(captured, captured + carryCount).map((value) => device.share(value));
    let slices: readonly Value[] = [];
    const collected: Value[][] = parts.slice(carryCount).map(() => []);
    try {
      for (let count = 0; count < length; count++) {
        const index = reverse ? length - 1 - count : count;
        slices = sequences.map((sequence, position) =>
          device.step(sequence, index, element(sequenceTypes, position, "sequence")),
        );
        const { outputs } = body([...constants, ...carries, ...slices]);
        for (const value of [...carries, ...slices]) device.free(value);
        slices = [];
        carries = outputs.slice(0, carryCount);
        outputs.slice(carryCount).forEach((value, position) => collected[position]?.push(value));
      }
      const stacked = collected.map((steps, position) =>
        device.stack(reverse ? steps.toReversed() : steps, element(parts, carryCount + position, "part")),
      );
      const results = [...carries, ...stacked];
      carries = [];
      return results;
    } finally {
      for (const value of [...carries, ...slices, ...collected.flat()]) device.free(value);
    }
  };
}

function element<Item>(items: readonly Item[], position: number, what: string): Item {
  const item = items[position];
  if (item === undefined)
    throw new BackendError(`this graph is malformed: it has no ${what} ${position} (of ${items.length})`);
  return item;
}
