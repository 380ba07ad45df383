import { create } from "@bufbuild/protobuf";
import type { Shape } from "@ansatz/core";
import {
  type GraphProto,
  GraphProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { encodeAttribute, isSubgraph, type OnnxAttributes, type Subgraph } from "./attribute.ts";
import { equalShapes } from "../lowerings/operands.ts";
import { elementCode, type ElementType, encodeValues } from "./element-type.ts";

/** A named value of known type. */
export interface NamedValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
}

interface OnnxNode {
  /** The node of the graph that it computes, such as `matmul@3`. */
  readonly origin: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: OnnxAttributes;
}

interface Initializer {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  readonly values: readonly number[];
}

/** A value whose rows are made in parts, such as the rows of each expert. */
interface Parts {
  readonly names: readonly string[];
  /** The value that holds their lengths, by which they are told from other parts. */
  readonly lengths: string;
  readonly shape: Shape;
}

/** A value that is another one with other axes. */
interface Reshaped {
  /** The other one. */
  readonly source: string;
  /** The shape of the other one, if it is known. */
  readonly from: Shape | undefined;
  readonly to: Shape;
}

/** Ops that work on each element, so on each part as on the whole. */
const elementwise = new Set(
  "Add Sub Mul Div Neg Exp Log Sqrt Erf Gelu HardSigmoid Max Min Pow Relu Sigmoid Tanh".split(" "),
);

/** State that all graphs of one model share. */
interface SharedState {
  names: number;
  readonly fed: boolean;
  readonly channelBlock: number | undefined;
  /** Whose ops the nodes are, also those of graphs inside nodes; onnx's own are "". */
  readonly domains: Set<string>;
  readonly fills: Map<string, NamedValue & { readonly value: number }>;
}

/**
 * Collects the nodes of one ONNX graph. A value is represented by its name. Nodes that no output needs are left out at
 * the end, so a lowering may skip its operands and read the nodes before them.
 */
export class GraphBuilder {
  readonly #shared: SharedState;
  readonly #nodes: OnnxNode[] = [];
  readonly #made = new Set<string>();
  readonly #known = new Map<string, readonly string[]>();
  readonly #initializers = new Map<string, Initializer>();
  readonly #annotations: NamedValue[] = [];
  readonly #parts = new Map<string, Parts>();
  readonly #scalars = new Set<string>();
  /** By the name of the result. */
  readonly #reshaped = new Map<string, Reshaped>();
  /** The positions of the nodes whose bodies contain this graph, such as `5.` */
  readonly #within: string;
  #at = "";
  #origin = "";

  private constructor(shared: SharedState, within: string) {
    this.#shared = shared;
    this.#within = within;
  }

  /**
   * A builder for a model's main graph. The constants of large fills are fed in every run, or written into the model if
   * it has to work on its own. `channelBlock` is that of the processor on which it runs, if that is known.
   */
  static main({
    fills,
    channelBlock,
  }: {
    readonly fills: "fed" | "written";
    readonly channelBlock?: number | undefined;
  }): GraphBuilder {
    const shared = { names: 0, fed: fills === "fed", channelBlock, domains: new Set([""]), fills: new Map() };
    return new GraphBuilder(shared, "");
  }

  /** Whose ops the model has: a model names them, with their versions. */
  get domains(): ReadonlySet<string> {
    return this.#shared.domains;
  }

  /** How many channels onnxruntime's fast convolutions keep beside each other. Undefined if there are none. */
  get channelBlock(): number | undefined {
    return this.#shared.channelBlock;
  }

  /** A builder for a graph inside a node of this graph. It can refer to the values of this graph by name. */
  subgraph(): GraphBuilder {
    return new GraphBuilder(this.#shared, `${this.#at}.`);
  }

  /**
   * From now on, nodes compute the node of the graph at a position. Their names tell: `matmul@3/…`, or `matmul@5.3/…`
   * for node 3 of the body of node 5.
   */
  computing(op: string, position: number): void {
    this.#at = `${this.#within}${position}`;
    this.#origin = `${op}@${this.#at}`;
  }

  /** One side of an `If`: a graph without inputs, whose results have these types. */
  branch(results: (inside: GraphBuilder) => readonly string[], types: readonly Omit<NamedValue, "name">[]): Subgraph {
    const inside = this.subgraph();
    const names = inside.distinct(results(inside));
    return inside.finish(
      [],
      types.map((type, i) => ({ ...type, name: names[i]! })),
    );
  }

  /** A name that is unique in the model. */
  name(): string {
    return `v${this.#shared.names++}`;
  }

  /**
   * Adds a node with one result. Equal nodes share one value. An empty input name leaves out an optional input.
   */
  op(op: string, inputs: readonly string[], attributes: OnnxAttributes = {}, domain = ""): string {
    return (
      this.#byParts(op, inputs, attributes) ??
      this.#asMade(op, inputs, attributes) ??
      (this.multi(op, inputs, 1, attributes, domain)[0] as string)
    );
  }

  /**
   * Gives a value another shape. What was already reshaped is reshaped only once. If the value's own shape is given,
   * ops on each element or row work on the value as it is, and what they make is reshaped where it is read otherwise.
   */
  reshape(value: string, shape: Shape, own?: Shape): string {
    const { source, from } = this.#reshaped.get(value) ?? { source: value, from: own };
    if (from !== undefined && equalShapes(from, shape)) return source;
    const result = this.op("Reshape", [source, this.vector(shape)]);
    this.#reshaped.set(result, { source, from, to: shape });
    return result;
  }

  /**
   * Joins rows that were made in parts. What is computed of each element is then computed part by part, and never
   * joined if it is read in the same parts again.
   */
  joined(names: readonly string[], lengths: string, shape: Shape): string {
    const [name] = this.multi("Concat", names, 1, { axis: 0 }) as [string];
    this.annotate({ name, type: "float32", shape });
    this.#parts.set(name, { names, lengths, shape });
    return name;
  }

  /** The parts of a value, if it was joined from parts of these lengths. */
  partsOf(name: string, lengths: string): readonly string[] | undefined {
    const parts = this.#parts.get(name);
    return parts?.lengths === lengths ? parts.names : undefined;
  }

  #byParts(op: string, inputs: readonly string[], attributes: OnnxAttributes): string | undefined {
    const known = inputs.map((input) => this.#parts.get(input));
    const first = known.find((parts) => parts !== undefined);
    if (first === undefined || !elementwise.has(op)) return undefined;
    const { lengths, shape } = first;
    if (!inputs.every((input, i) => known[i]?.lengths === lengths || this.#scalars.has(input))) return undefined;
    const results = first.names.map((_, part) =>
      this.op(
        op,
        inputs.map((input, i) => known[i]?.names[part] ?? input),
        attributes,
      ),
    );
    return this.joined(results, lengths, shape);
  }

  /** The matrix of which a value is a reshape, if their last axes are the same. */
  rowsOf(name: string): { readonly matrix: string; readonly shape: Shape } | undefined {
    const { source, from, to } = this.#reshaped.get(name) ?? {};
    if (source === undefined || from?.length !== 2 || from[1] !== to?.at(-1)) return undefined;
    return { matrix: source, shape: from };
  }

  /** What is computed of each element is computed of operands as they were made, if they were all reshaped alike. */
  #asMade(op: string, inputs: readonly string[], attributes: OnnxAttributes): string | undefined {
    const known = inputs.map((input) => this.#reshaped.get(input));
    const { from, to } = known.find((one) => one?.from !== undefined) ?? {};
    if (from === undefined || to === undefined || !elementwise.has(op)) return undefined;
    const alike = inputs.every((input, i) => {
      const one = known[i];
      if (one?.from === undefined) return this.#scalars.has(input);
      return equalShapes(one.from, from) && equalShapes(one.to, to);
    });
    if (!alike) return undefined;
    const result = this.op(
      op,
      inputs.map((input, i) => known[i]?.source ?? input),
      attributes,
    );
    return this.reshape(result, to, from);
  }

  /** Adds a node with several results. */
  multi(
    op: string,
    inputs: readonly string[],
    results: number,
    attributes: OnnxAttributes = {},
    domain = "",
  ): readonly string[] {
    const key = Object.values(attributes).some(isSubgraph)
      ? undefined
      : JSON.stringify([op, domain, inputs, attributes]);
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const outputs = Array.from({ length: results }, () => this.name());
    this.#nodes.push({ origin: this.#origin, op, domain, inputs, outputs, attributes });
    this.#shared.domains.add(domain);
    for (const name of outputs) this.#made.add(name);
    if (key !== undefined) this.#known.set(key, outputs);
    return outputs;
  }

  /**
   * Names for outputs. Each is made by a node of this graph and no two are the same; values for which that does not
   * hold are copied.
   */
  distinct(values: readonly string[]): readonly string[] {
    const taken = new Set<string>();
    return values.map((value) => {
      const name = this.#made.has(value) && !taken.has(value) ? value : this.name();
      if (name !== value) this.#identity(value, name);
      taken.add(name);
      return name;
    });
  }

  /** Gives a value another name. */
  rename(value: string, name: string): void {
    this.#identity(value, name);
  }

  #identity(value: string, name: string): void {
    const [inputs, outputs] = [[value], [name]];
    this.#nodes.push({ origin: "output", op: "Identity", domain: "", inputs, outputs, attributes: {} });
  }

  /** Casts a value to another type. */
  cast(value: string, to: ElementType): string {
    return this.op("Cast", [value], { to: elementCode(to) });
  }

  /** A 0-d constant. Equal constants are shared. */
  scalar(type: ElementType, value: number): string {
    const name = this.#initializer(type, [], [value]);
    this.#scalars.add(name);
    return name;
  }

  /** A 1-d constant, e.g. a shape, axes or positions. */
  vector(values: readonly number[], type: ElementType = "int64"): string {
    return this.#initializer(type, [values.length], values);
  }

  /** A row of ones. */
  ones(length: number): string {
    return this.#initializer(
      "float32",
      [1, length],
      Array.from({ length }, () => 1),
    );
  }

  /**
   * A 0-d constant that is fed in every run instead of being stored in the model. onnxruntime computes everything that
   * depends only on constants in advance, and would keep a large fill as a large constant.
   */
  fill(type: ElementType, value: number): string {
    if (!this.#shared.fed) return this.scalar(type, value);
    const key = `${type} ${Object.is(value, -0) ? "-0" : value}`;
    let fill = this.#shared.fills.get(key);
    if (fill === undefined) {
      fill = { name: this.name(), type, shape: [], value };
      this.#shared.fills.set(key, fill);
    }
    return fill.name;
  }

  /** The constants of {@link fill}, which are inputs of the model. */
  fills(): readonly (NamedValue & { readonly value: number })[] {
    return [...this.#shared.fills.values()];
  }

  /** Gives onnxruntime a shape that it cannot infer. */
  annotate(value: NamedValue): void {
    this.#annotations.push(value);
  }

  /** The graph that computes the outputs. If a sequence is named, it is the first output. */
  finish(inputs: readonly NamedValue[], outputs: readonly NamedValue[], sequence?: string): Subgraph {
    const used = new Set(outputs.map(({ name }) => name));
    if (sequence !== undefined) used.add(sequence);
    const nodes: OnnxNode[] = [];
    const own = new Set(inputs.map(({ name }) => name));
    for (const node of this.#nodes.toReversed()) {
      if (!node.outputs.some((name) => used.has(name))) continue;
      nodes.push(node);
      for (const name of node.outputs) own.add(name);
      for (const name of node.inputs) used.add(name);
      for (const attribute of Object.values(node.attributes)) {
        if (isSubgraph(attribute)) for (const name of attribute.captures) used.add(name);
      }
    }
    const initializers = [...this.#initializers.values()].filter(({ name }) => used.has(name));
    for (const { name } of initializers) own.add(name);
    const proto = create(GraphProtoSchema, {
      name: "graph",
      node: earliestLast(nodes.toReversed()).map(encodeNode),
      initializer: initializers.map(encodeInitializer),
      input: inputs.map(encodeValue),
      output: [...(sequence === undefined ? [] : [encodeSequence(sequence)]), ...outputs.map(encodeValue)],
      valueInfo: this.#annotations.filter(({ name }) => used.has(name)).map(encodeValue),
    });
    used.delete("");
    return { proto, captures: new Set([...used].filter((name) => !own.has(name))) };
  }

  #initializer(type: ElementType, shape: Shape, values: readonly number[]): string {
    const key = `${type} ${shape.join()}: ${values.map((value) => (Object.is(value, -0) ? "-0" : value)).join()}`;
    let initializer = this.#initializers.get(key);
    if (initializer === undefined) {
      initializer = { name: this.name(), type, shape, values };
      this.#initializers.set(key, initializer);
    }
    return initializer.name;
  }
}

/**
 * Moves nodes that no other node reads to the end, the earliest of them last. onnxruntime starts with the last such
 * node and runs what it needs, so each gradient is computed as early as possible and its inputs are freed early.
 */
function earliestLast(nodes: readonly OnnxNode[]): readonly OnnxNode[] {
  const read = new Set<string>();
  for (const { inputs, attributes } of nodes) {
    for (const name of inputs) read.add(name);
    for (const attribute of Object.values(attributes))
      if (isSubgraph(attribute)) for (const name of attribute.captures) read.add(name);
  }
  const isRead = ({ outputs }: OnnxNode): boolean => outputs.some((name) => read.has(name));
  return [...nodes.filter(isRead), ...nodes.filter((node) => !isRead(node)).reverse()];
}

function encodeNode({ origin, op, domain, inputs, outputs, attributes }: OnnxNode): GraphProto["node"][number] {
  return create(NodeProtoSchema, {
    opType: op,
    domain,
    name: `${origin}/${outputs[0] ?? ""}`,
    input: [...inputs],
    output: [...outputs],
    attribute: Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value)),
  });
}

function encodeInitializer({ name, type, shape, values }: Initializer): GraphProto["initializer"][number] {
  return create(TensorProtoSchema, {
    name,
    dims: shape.map(BigInt),
    dataType: elementCode(type),
    rawData: encodeValues(type, values),
  });
}

/** An input or output in ONNX's encoding. */
export function encodeValue({ name, type, shape }: NamedValue): GraphProto["input"][number] {
  const dim = shape.map((length) => ({ value: { case: "dimValue" as const, value: BigInt(length) } }));
  const tensor = { elemType: elementCode(type), shape: { dim } };
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } }),
  });
}

/** A sequence of float32 tensors as an output. */
function encodeSequence(name: string): GraphProto["output"][number] {
  const element = create(TypeProtoSchema, {
    value: { case: "tensorType", value: { elemType: elementCode("float32") } },
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "sequenceType", value: { elemType: element } } }),
  });
}
