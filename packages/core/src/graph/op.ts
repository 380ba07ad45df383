import type { Attributes } from "../contract/backend.ts";
import type { Closure } from "./closure.ts";
import { isFloating, sizeOf, type DType, type Shape, type TensorType } from "../contract/dtype.ts";
import { DTypeError } from "../contract/errors.ts";
import { attributesNumber, noAttributes } from "./numbering.ts";
import { epoch, noteRecorded } from "./recording.ts";
import { SharedNodes } from "./shared-nodes.ts";
import { matchSignature, parseSignature } from "../contract/signature.ts";
import { Node } from "./node.ts";
import { Tensor } from "./tensor.ts";

/** The gradient of each input, from the gradient `g` of the result `y`. Broadcasting is undone by the caller. */
export type GradientRule = (
  g: Tensor,
  inputs: readonly Tensor[],
  y: Tensor,
  attributes: Attributes,
) => readonly (Tensor | undefined)[];

/** The same for an op of several results; a result that nothing depends on has no gradient. */
export type PartsGradientRule = (
  gs: readonly (Tensor | undefined)[],
  inputs: readonly Tensor[],
  y: Tensor,
  attributes: Attributes,
) => readonly (Tensor | undefined)[];

/** Everything about an op, in one value. */
export interface OpDefinition {
  readonly name: string;
  readonly infer: (
    inputs: readonly Tensor[],
    attributes: Attributes,
    body?: Closure,
  ) => TensorType | readonly TensorType[];
  readonly gradient?: GradientRule | undefined;
  readonly partsGradient?: PartsGradientRule | undefined;
  /** What a composite op means in smaller ops. */
  readonly expand?:
    ((inputs: readonly Tensor[], attributes: Attributes, body?: Closure) => Tensor | readonly Tensor[]) | undefined;
  /** Its value is the value of its first input: it exists for the gradient's sake. */
  readonly alias?: boolean | undefined;
  /** An equal tensor that exists already: the operand of a reshape that changes nothing. */
  readonly simplify?:
    ((inputs: readonly Tensor[], attributes: Attributes, type: TensorType) => Tensor | undefined) | undefined;
  /**
   * An equal tensor that looks past an operand: the transpose of a transpose. What it looks past could be asked for its
   * gradient, so only what `mayPass` allows is looked past: while gradients are taken what they are made of, and
   * everything when a graph is lowered.
   */
  readonly bypass?:
    ((inputs: readonly Tensor[], attributes: Attributes, type: TensorType) => Tensor | undefined) | undefined;
  /** The result if an input is empty but the result isn't. */
  readonly whenEmpty?: ((inputs: readonly Tensor[], attributes: Attributes, type: TensorType) => Tensor) | undefined;
  /** Never merged with an equal node. */
  readonly unshared?: boolean | undefined;
  /** Works element by element, so a backend may fuse it and a recomputation is cheap. */
  readonly elementwise?: boolean | undefined;
}

/** Which dtypes an op takes. */
export type Accepts = "any" | "number" | "floating" | "bool";

const accepted: Record<Accepts, (dtype: DType) => boolean> = {
  any: () => true,
  number: (dtype) => dtype !== "bool",
  floating: isFloating,
  bool: (dtype) => dtype === "bool",
};

/** How an op is written down: its definition, with its shape rule as a signature wherever it can be one. */
export interface OpDescription extends Omit<OpDefinition, "infer" | "gradient" | "partsGradient"> {
  /** `"... m k, ... k n -> ... m n"`, or a function of the inputs if a signature cannot say it. */
  readonly shape: string | ((inputs: readonly Tensor[], attributes: Attributes) => Shape);
  /** The inputs' names in errors; a, b, c, … otherwise. */
  readonly names?: readonly string[];
  /** Which dtypes the inputs may have: one rule for all (they must then be equal), or one for each. */
  readonly accepts?: Accepts | readonly Accepts[];
  /** The result's dtype; the first input's otherwise. */
  readonly dtype?: DType | ((inputs: readonly Tensor[], attributes: Attributes) => DType);
  readonly grad?: GradientRule;
}

/**
 * Defines an op. Call the result with `record`.
 *
 * @example const double = defineOp({ name: "double", shape: "... -> ...", expand: ([x]) => add(x!, x!) });
 * double.name // double
 */
export function defineOp(description: OpDescription): OpDefinition {
  const { name, shape, names = ["a", "b", "c", "d", "e"], accepts = "number", dtype, grad, ...rest } = description;
  const signature = typeof shape === "string" ? parseSignature(shape) : undefined;
  const infer = (inputs: readonly Tensor[], attributes: Attributes): TensorType => {
    checkDTypes(name, inputs, names, accepts);
    return {
      shape: signature
        ? matchSignature(
            name,
            signature,
            inputs.map((x) => x.shape),
            names,
          )
        : (shape as Exclude<typeof shape, string>)(inputs, attributes),
      dtype: dtype === undefined ? inputs[0]!.dtype : typeof dtype === "function" ? dtype(inputs, attributes) : dtype,
    };
  };
  return { name, infer, gradient: grad, ...rest };
}

function checkDTypes(
  name: string,
  inputs: readonly Tensor[],
  names: readonly string[],
  accepts: Accepts | readonly Accepts[],
): void {
  for (let i = 0; i < inputs.length; i++) {
    const rule = typeof accepts === "string" ? accepts : accepts[i]!;
    const dtype = inputs[i]!.dtype;
    const input = names[i] ?? `input ${i}`;
    if (!accepted[rule](dtype)) {
      const wanted = rule === "floating" ? "float32 or float64" : rule === "number" ? "a number dtype" : rule;
      throw new DTypeError(
        `${name}: ${input} is ${dtype} but must be ${wanted}\n` +
          `  convert it first: cast(${input}, ${rule === "bool" ? '"bool"' : '"float32"'})`,
      );
    }
    if (typeof accepts === "string" && dtype !== inputs[0]!.dtype) {
      throw new DTypeError(
        `${name}: ${names[0]} is ${inputs[0]!.dtype} but ${input} is ${dtype}\n` +
          `  convert one of them: cast(${input}, "${inputs[0]!.dtype}")`,
      );
    }
  }
}

/** The nodes recorded since the last realisation: equal expressions are one node. */
const shared = new SharedNodes();

/** The first tensor that may be looked past. */
let passable = Infinity;

/** Runs `body`, in which tensors from number `first` on may be looked past: nobody else has seen them. */
export function whileBypassing<R>(first: number, body: () => R): R {
  const outer = passable;
  passable = Math.min(outer, first);
  try {
    return body();
  } finally {
    passable = outer;
  }
}

/** Whether a tensor may be looked past. */
export function mayPass(tensor: Tensor): boolean {
  return tensor.node.id >= passable;
}

/** Forgets the shared nodes; whoever refers to one keeps it. */
export function forgetShared(): void {
  shared.clear();
}

/**
 * Records one op: checks shapes and dtypes, simplifies, and returns the node (an equal earlier one where there is one).
 */
export function record(
  op: OpDefinition,
  inputs: readonly Tensor[],
  attributes: Attributes = noAttributes,
  body?: Closure,
): Tensor {
  const attributesId = attributesNumber(attributes);
  if (op.unshared !== true) {
    const known = shared.find(op, inputs, attributesId, body);
    if (known !== undefined) return known;
  }
  const inferred = op.infer(inputs, attributes, body);
  const parts = Array.isArray(inferred) // not what was inferred itself, which may be a tensor with its graph
    ? (inferred as readonly TensorType[]).map(({ shape, dtype }): TensorType => ({ shape, dtype }))
    : undefined;
  const type = parts === undefined ? (inferred as TensorType) : { shape: [], dtype: parts[0]!.dtype };
  const simpler = replacement(op, inputs, attributes, type);
  if (simpler !== undefined) return simpler;
  let born = inputs.length === 0 ? Infinity : epoch();
  for (let i = 0; i < inputs.length; i++) born = Math.min(born, inputs[i]!.node.born);
  const tensor = new Tensor(type, new Node(op, inputs, attributes, attributesId, born, parts, body));
  noteRecorded(tensor);
  if (op.unshared !== true) shared.add(tensor);
  return tensor;
}

/** An equal tensor that is simpler, or made otherwise. */
function replacement(
  op: OpDefinition,
  inputs: readonly Tensor[],
  attributes: Attributes,
  type: TensorType,
): Tensor | undefined {
  const simpler =
    op.simplify?.(inputs, attributes, type) ??
    (passable < Infinity ? op.bypass?.(inputs, attributes, type) : undefined);
  if (simpler !== undefined) return simpler;
  if (op.whenEmpty !== undefined && sizeOf(type.shape) > 0 && inputs.some((x) => x.size === 0))
    return op.whenEmpty(inputs, attributes, type);
  return undefined;
}
