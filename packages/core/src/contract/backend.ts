import type { DType, Shape, TensorType, TypedArray } from "./dtype.ts";

/** What an op carries besides its inputs: plain values only, so that graphs can be compared. */
export type AttributeValue = number | string | boolean | readonly number[] | readonly (readonly number[])[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** One operation of a compiled graph. `inputs` are positions of earlier nodes in `Graph.nodes`. */
export interface GraphNode extends TensorType {
  readonly op: string;
  readonly inputs: readonly number[];
  readonly attributes: Attributes;
  /** The results of an op that has several, read by `part` nodes. Their parent's own shape is `[]`. */
  readonly parts?: readonly TensorType[];
  /** What a `scan` does at each step. */
  readonly body?: Graph;
}

/** The next value of an input, carried out together with the outputs. */
export interface GraphUpdate {
  /** Position in `Graph.inputs`. */
  readonly input: number;
  /** The node that holds the next value; its shape and dtype are the input's. */
  readonly value: number;
}

/** A whole program: nodes in topological order, each after its inputs. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** The `leaf` nodes fed at run time, in feeding order. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly updates: readonly GraphUpdate[];
}

/** A value that a backend holds. Only its backend looks inside. */
export interface BackendBuffer extends TensorType {
  readonly backend: string;
}

export interface RunResult {
  /** One fresh buffer for each graph output. */
  readonly outputs: readonly BackendBuffer[];
  /**
   * The buffer that now holds each update's value: the input's own when it was written in place, else a fresh one (core
   * then frees the old).
   */
  readonly updates: readonly BackendBuffer[];
}

/** A compiled graph. */
export interface Program {
  /** Buffers in the order of `Graph.inputs`. They stay the caller's, except that updated ones may be overwritten. */
  run(inputs: readonly BackendBuffer[]): Promise<RunResult>;
  /** Frees what the program holds; it is not run again. */
  dispose(): void;
}

/** What one kernel took in the runs that were measured. */
export interface KernelTime {
  /** What ran: an operator of the engine, such as `Gemm`, or a kernel of ours. */
  readonly kernel: string;
  /** The shapes of its operands and results in words, if they are known. */
  readonly shapes?: string;
  /** The node of the graph, or of a loop's body, that it computes; undefined if it computes several. */
  readonly node?: GraphNode;
  /** How often it ran, and how long in all, without the kernels inside it. */
  readonly count: number;
  readonly milliseconds: number;
  /** The bytes of all the results that it wrote. */
  readonly bytes: number;
  /** The most that the engine had in memory when it ended: values that are still needed, without those fed. */
  readonly liveBytes?: number;
  /** The floating-point operations of products of matrices and of convolutions, in all. */
  readonly productOperations?: number;
}

/** What the runs of one program took. The first run is left out, because memory is reserved in it. */
export interface ProgramProfile {
  readonly graph: Graph;
  /** How many runs were measured. */
  readonly runs: number;
  /** How long the engine computed, its kernels and what is between them. */
  readonly engineMilliseconds: number;
  /** How long updates took that are not done by the engine. */
  readonly updateMilliseconds: number;
  readonly kernels: readonly KernelTime[];
}

/** What the backend holds at the moment. */
export interface BackendMemory {
  readonly buffers: number;
  readonly bytes: number;
  /** What holds them and computes, in words: "CPU, 2 threads". */
  readonly device?: string;
}

/** A device: it compiles graphs and holds buffers. */
export interface Backend {
  readonly spec: 1;
  readonly name: string;
  /** The dtypes that it holds. */
  readonly dtypes: readonly DType[];
  /**
   * Whether it runs the op on that dtype (of the first input, or of the result if it has no input). Composite ops
   * that it does not support are expanded before it sees them.
   */
  supports(op: string, dtype: DType): boolean;
  /** The ops that run on Ansatz's own kernels instead of the engine's. Default: none. */
  readonly ownKernels?: readonly string[];
  compile(graph: Graph): Promise<Program>;
  /**
   * Takes host data over: the caller does not write to it afterwards. With `sole` it does not read it either: nothing
   * else refers to the array, and the backend may free its memory at once.
   */
  upload(data: TypedArray, shape: Shape, dtype: DType, sole?: boolean): BackendBuffer;
  /**
   * Whether results never share memory with what was uploaded: a freed input's array may then be written again, by the
   * next draw.
   */
  readonly releasesInputs?: boolean;
  /** A copy of the values on the host. */
  download(buffer: BackendBuffer): Promise<TypedArray>;
  /** The values themselves, to be read before anything else runs. Default: they are not in the host's memory. */
  view?(buffer: BackendBuffer): TypedArray;
  free(buffer: BackendBuffer): void;
  memory(): BackendMemory;
  /**
   * From now on, measures the kernels of programs as they are compiled. The function that is returned ends that, and
   * returns what was measured. Default: the backend cannot.
   */
  profile?(): () => Promise<readonly ProgramProfile[]>;
  /** Frees everything it holds. */
  dispose(): void;
}
