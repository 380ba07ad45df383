import { backpropagate } from "./backpropagate.ts";
import { isCell, type Cell } from "../graph/cell.ts";
import { isFloating } from "../contract/dtype.ts";
import { GradientError, ShapeError } from "../contract/errors.ts";
import { isLeaf, leaf } from "../graph/leaf.ts";
import { record, type OpDefinition } from "../graph/op.ts";
import { zerosLike } from "../ops/creation.ts";
import { castTo, constant, toTensor } from "../ops/family.ts";
import { sameShape, showShape } from "../contract/shape.ts";
import { isTensor, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { leavesOf, rebuild, type MapTree, type Tree } from "../graph/tree.ts";
import { topological } from "../graph/walk.ts";

const identityOp: OpDefinition = {
  name: "identity",
  infer: ([x]) => x!,
  gradient: (g) => [g],
  alias: true,
  unshared: true,
};

const stopOp: OpDefinition = {
  name: "stopGradient",
  infer: ([x]) => x!,
  alias: true,
};

/**
 * The same value, through which no gradient flows.
 *
 * @example stopGradient(tensor([1, 2]))  // [1, 2]
 */
export function stopGradient(x: TensorLike): Tensor {
  return record(stopOp, [toTensor(x)]);
}

/** The same value, marked as the gradient of a cell: an optimizer needs to know which. */
export function asGradientOf(cell: Cell, value: Tensor): Tensor {
  const marked = record(identityOp, [value]);
  marked.node.gradientOf = cell;
  return marked;
}

/** Applies a function to gradients. The results still belong to their parameters. */
export function mapGradients<S extends Tree>(gradients: S, change: (gradient: Tensor) => Tensor): MapTree<S, Tensor> {
  const changed = leavesOf(gradients).map((gradient) => {
    const value = change(toTensor(gradient));
    const owner = isTensor(gradient) ? gradient.node.gradientOf : undefined;
    return owner === undefined ? value : asGradientOf(owner, value);
  });
  return rebuild(gradients, changed);
}

export interface GradientOptions {
  /** Whether a target that the output does not depend on has a gradient of zeros. Default: it is an error. */
  readonly allowUnused?: boolean;
}

/**
 * The gradient of a scalar with respect to tensors, parameters, or arrays and records of them, in their structure.
 *
 * It is a graph like any other: take gradients of it as often as you like. Nothing is stored on the targets.
 *
 * @throws GradientError when the loss isn't a float scalar, was realised before, or does not depend on a target
 * @example grad(square(tensor(3)).mul(2), tensor(3)) // throws: it does not depend on that tensor
 */
export function grad<S extends Tree>(loss: Tensor, targets: S, options: GradientOptions = {}): MapTree<S, Tensor> {
  if (!isTensor(loss))
    throw new GradientError(
      `grad: the loss is ${loss === null ? "null" : typeof loss}, but a gradient needs a tensor\n` +
        `  take it of the loss itself, not of \`await loss.item()\``,
    );
  if (loss.rank !== 0 || !isFloating(loss.dtype)) {
    throw new GradientError(
      `grad: the loss is ${showShape(loss.shape)} of ${loss.dtype}, but a gradient needs a float scalar\n` +
        "  reduce it first, with mean or sum; vjp takes any shape",
    );
  }
  return vjp(loss, targets, constant(1, loss.dtype), options);
}

/**
 * A function that returns the loss and its gradient with respect to its first argument, as JAX's `value_and_grad`.
 *
 * @throws GradientError as `grad`
 * @example valueAndGrad((x: Tensor) => sum(square(x)))(tensor([1, 2]))  // [5, [2, 4]]
 */
export function valueAndGrad<S extends Tree, Rest extends readonly unknown[]>(
  loss: (targets: S, ...rest: Rest) => Tensor,
): (targets: S, ...rest: Rest) => [Tensor, MapTree<S, Tensor>] {
  return (targets, ...rest) => {
    const value = loss(targets, ...rest);
    return [value, grad(value, targets)];
  };
}

/**
 * Vector-Jacobian product: cotangentᵀ · ∂output/∂target for each target.
 *
 * @throws GradientError when an output does not depend on a target; ShapeError when a cotangent does not have its
 * output's shape
 */
export function vjp<S extends Tree>(
  outputs: Tensor | readonly Tensor[],
  targets: S,
  cotangents: TensorLike | readonly TensorLike[],
  options: GradientOptions = {},
): MapTree<S, Tensor> {
  const ys = (isTensor(outputs) ? [outputs] : outputs) as readonly Tensor[];
  const gs = listOf(cotangents).map((g) => toTensor(g));
  for (const [i, y] of ys.entries()) {
    const g = gs[i];
    if (g === undefined || !sameShape(g.shape, y.shape))
      throw new ShapeError(
        `vjp: output ${i} is ${showShape(y.shape)} but its cotangent is ${g ? showShape(g.shape) : "missing"}`,
      );
  }
  const leaves = leavesOf(targets);
  const xs = leaves.map((target) => (isCell(target) ? target.read() : target));
  const gradients = backpropagate(ys, gs, xs);
  const reached = gradients.includes(undefined) ? new Set(topological(ys)) : undefined;
  const results = leaves.map((target, i) => {
    const gradient = gradients[i] ?? absent(ys, target, xs[i]!, i, reached!, options);
    return isCell(target) ? asGradientOf(target, gradient) : gradient;
  });
  return rebuild(targets, results);
}

function listOf(x: TensorLike | readonly TensorLike[]): readonly TensorLike[] {
  return Array.isArray(x) ? (x as readonly TensorLike[]) : [x as TensorLike];
}

/** Zeros if the output depends on the target but is flat; an error if it does not depend on it. */
function absent(
  outputs: readonly Tensor[],
  target: Tensor | Cell,
  x: Tensor,
  index: number,
  reached: ReadonlySet<Tensor>,
  { allowUnused = false }: GradientOptions,
): Tensor {
  const name = isCell(target) ? target.describe() : `target ${index}, ${showShape(x.shape)}`;
  if (!isFloating(x.dtype))
    throw new GradientError(`grad: ${name} is ${x.dtype}, which carries no gradient\n  only float32 and float64 do`);
  if (reached.has(x) || x.size === 0) return zerosLike(x);
  const realised = outputs.every(isLeaf);
  if (allowUnused && !realised) return zerosLike(x);
  throw new GradientError(
    realised
      ? "grad: the loss was realised before, and a realised tensor forgets how it was made\n" +
          "  take gradients before `await realize(...)` or `await loss.item()`"
      : `grad: the loss does not depend on ${name}\n  leave it out of the targets, or use it in the loss`,
  );
}

/**
 * Jacobian-vector product: ∂output/∂input · tangent, summed over the inputs. Forward mode, made of two reverse passes.
 *
 * @throws ShapeError when a tangent does not have its input's shape
 */
export function jvp(
  output: Tensor,
  inputs: Tensor | Cell | readonly (Tensor | Cell)[],
  tangents: TensorLike | readonly TensorLike[],
): Tensor {
  const xs = (Array.isArray(inputs) ? inputs : [inputs]) as readonly (Tensor | Cell)[];
  const vs = listOf(tangents).map((v) => toTensor(v));
  for (const [i, x] of xs.entries()) {
    const v = vs[i];
    if (v === undefined || !sameShape(v.shape, x.shape))
      throw new ShapeError(
        `jvp: input ${i} is ${showShape(x.shape)} but its tangent is ${v ? showShape(v.shape) : "missing"}`,
      );
  }
  // The vector-Jacobian product is linear in its cotangent, so the cotangent vanishes when it is differentiated.
  const cotangent = leaf(output.shape, output.dtype);
  const pulled = vjp(output, xs, cotangent) as readonly Tensor[];
  return backpropagate(pulled, vs, [cotangent])[0] ?? zerosLike(output);
}

/**
 * Hessian-vector product: ∂²loss/∂x² · v, for each target, without ever forming the Hessian. Zeros for a target in
 * which the loss is linear.
 *
 * @throws GradientError as `grad`; ShapeError when a vector does not have its target's shape
 * @example const x = tensor([1, 2]);
 * hvp(sum(square(x)), x, tensor([3, 4])) // [6, 8]
 */
export function hvp<S extends Tree>(loss: Tensor, targets: S, vectors: MapTree<S, TensorLike>): MapTree<S, Tensor> {
  const gradients = leavesOf(grad(loss, targets) as Tree).map((g) => toTensor(g));
  const xs = leavesOf(targets);
  const vs = leavesOf(vectors as Tree).map((v) => toTensor(v));
  for (const [i, g] of gradients.entries())
    if (vs[i] === undefined || !sameShape(vs[i].shape, g.shape))
      throw new ShapeError(
        `hvp: target ${i} is ${showShape(g.shape)} but its vector is ${vs[i] ? showShape(vs[i].shape) : "missing"}`,
      );
  const tensors = xs.map((x) => (isCell(x) ? x.read() : x));
  const cotangents = gradients.map((g, i) => castTo(stopGradient(vs[i]!), g.dtype));
  const products = backpropagate(gradients, cotangents, tensors);
  return rebuild(
    targets,
    xs.map((x, i) => {
      const product = products[i] ?? zerosLike(tensors[i]!); // the loss is linear in it
      return isCell(x) ? asGradientOf(x, product) : product;
    }),
  );
}
