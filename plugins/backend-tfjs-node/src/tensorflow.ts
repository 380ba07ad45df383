import { BackendError } from "@ansatz/core";
import { several, type TfjsEngine } from "@ansatz/tfjs";
import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core";

/** What the native part reports about a tensor that it created. */
interface Metadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly number[];
}

/** The native part of tfjs-node: TensorFlow's eager ops by name. */
export interface TensorflowBinding {
  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_BOOL: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  isUsingGpuDevice(): boolean;
  getNumOfTensors(): number;
}

/** tfjs-node's backend: tfjs's contract, and any op of TensorFlow. */
export interface NodeBackend extends KernelBackend {
  readonly binding: TensorflowBinding;
  readonly tensorMap: { set(dataId: object, data: object): void };
  createOutputTensor(metadata: Metadata): TensorInfo;
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly TensorInfo[],
    count: number,
  ): TensorInfo[];
}

/**
 * tfjs-node's backend as an engine. Results are not registered with tfjs's own engine, which would count each as a
 * tensor that has to be disposed.
 */
export function engineOf(backend: NodeBackend, device: string): TfjsEngine {
  const { TF_FLOAT, TF_INT32 } = backend.binding;
  const unlisted = Object.create(backend, {
    createOutputTensor: {
      value({ id, shape, dtype }: Metadata): TensorInfo {
        const dataId = {};
        backend.tensorMap.set(dataId, { id, shape, dtype, values: null, refCount: 1 });
        return { dataId, shape, dtype: dtype === TF_FLOAT ? "float32" : dtype === TF_INT32 ? "int32" : "bool" };
      },
    },
  }) as NodeBackend;
  const engine: TfjsEngine = {
    name: "tensorflow",
    device,
    keepsArrays: true,
    backend: unlisted,
    view: (tensor) => backend.readSync(tensor.dataId) as Float32Array,
    write: (data, shape, dtype) => ({
      dataId: backend.write(data as Float32Array, [...shape], dtype),
      shape: [...shape],
      dtype,
    }),
    step: (sequence, index) =>
      operation(engine, "StridedSlice", { shrink_axis_mask: 1 }, [vector([index]), vector([index + 1]), vector([1])])([
        sequence,
      ]),
    stack: (steps) => operation(engine, "Pack", { N: steps.length, T: { dtype: steps[0]!.dtype as "float32" } })(steps),
  };
  return engine;
}

/**
 * Attributes of a TensorFlow op, by TensorFlow's names. Those that follow from the dtypes of the operands are left out.
 * A dtype is written `{ dtype }`.
 */
export type OperationAttributes = Readonly<
  Record<string, boolean | number | string | readonly number[] | { readonly dtype: "float32" | "int32" | "bool" }>
>;

/** An operand with a value that is known in advance, e.g. a shape, axes or a fill value. */
export interface Literal {
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
}

/** Integers for TensorFlow, e.g. a shape or axes; a matrix if `columns` is given. */
export function vector(numbers: readonly number[], columns?: number): Literal {
  return {
    data: Int32Array.from(numbers),
    shape: columns === undefined ? [numbers.length] : [numbers.length / columns, columns],
    dtype: "int32",
  };
}

/** A single number. */
export function scalar(value: number, dtype: Literal["dtype"] = "int32"): Literal {
  return {
    data:
      dtype === "float32" ? Float32Array.of(value) : dtype === "int32" ? Int32Array.of(value) : Uint8Array.of(value),
    shape: [],
    dtype,
  };
}

/** A TensorFlow op, ready to be called. */
export type Operation = (inputs: readonly TensorInfo[]) => TensorInfo;

/**
 * Prepares the TensorFlow op of this name. `literals` are passed to it after the operands that it is called with.
 *
 * @throws BackendError with TensorFlow's message, if the op fails
 */
export function operation(
  engine: TfjsEngine,
  name: string,
  attributes: OperationAttributes = {},
  literals: readonly Literal[] = [],
): Operation {
  const backend = engine.backend as NodeBackend;
  const written = Object.entries(attributes).map(([attribute, value]) => ({
    name: attribute,
    ...attributeOf(backend.binding, value),
  }));
  const run: Operation = (inputs) => {
    try {
      return backend.executeMultipleOutputs(name, written, inputs, 1)[0]!;
    } catch (error) {
      throw failure(name, inputs, error);
    }
  };
  if (literals.length === 0) return run;
  return (inputs) =>
    several(engine, (own) =>
      run([...inputs, ...literals.map(({ data, shape, dtype }) => own(engine.write(data, shape, dtype)))]),
    );
}

/** An error of TensorFlow as one of Ansatz. Status 8 means that memory is exhausted. */
function failure(name: string, inputs: readonly TensorInfo[], error: unknown): BackendError {
  const said = error instanceof Error ? error.message : String(error);
  const operands = inputs.map(({ dtype, shape }) => `${dtype} [${shape.join(",")}]`).join(", ");
  const fix = said.includes("TF_Status: 8")
    ? 'use a smaller batch, or device: "cpu"'
    : "run the same step on the cpu backend to see whether the values are the cause";
  return new BackendError(`tfjs-node: TensorFlow's ${name} failed on ${operands}: ${said}\n  ${fix}`);
}

function attributeOf(binding: TensorflowBinding, value: OperationAttributes[string]): Omit<Attribute, "name"> {
  if (typeof value === "boolean") return { type: binding.TF_ATTR_BOOL, value };
  if (typeof value === "string") return { type: binding.TF_ATTR_STRING, value };
  if (typeof value === "number") return { type: binding.TF_ATTR_INT, value };
  if ("dtype" in value)
    return {
      type: binding.TF_ATTR_TYPE,
      value: { float32: binding.TF_FLOAT, int32: binding.TF_INT32, bool: binding.TF_BOOL }[value.dtype],
    };
  return { type: binding.TF_ATTR_INT, value };
}
