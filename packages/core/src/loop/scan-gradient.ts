import { backpropagate } from "../gradient/backpropagate.ts";
import { Closure } from "../graph/closure.ts";
import { isFloating, sizeOf } from "../contract/dtype.ts";
import { sameShape } from "../contract/shape.ts";
import { isLeaf, leaf } from "../graph/leaf.ts";
import { add } from "../ops/elementwise/arithmetic.ts";
import { zerosLike } from "../ops/creation.ts";
import { reshape, transpose } from "../ops/layout/movement.ts";
import { matmul } from "../ops/product/matmul.ts";
import { sum } from "../ops/reduction/reduction.ts";
import { part } from "../graph/part.ts";
import { recordScan, scanAttributes } from "./scan-node.ts";
import type { Tensor } from "../graph/tensor.ts";
import { topological } from "../graph/walk.ts";

type Adjoint = Tensor | undefined;

/** Ops that only move values: cheaper to do again in the backward loop than to keep for every step. */
const rearranging = new Set(["reshape", "transpose", "broadcastTo", "cast"]);

/** Elementwise ops that take several times as long as a product, and whose gradients need nothing but their results. */
const costly = new Set(["exp", "tanh", "sigmoid"]);

/**
 * Whether the backward loop computes a value of the forward step again. A part of something is kept instead of the
 * whole, and a sum with a product instead of the product.
 */
function isCheap(tensor: Tensor): boolean {
  const { op, inputs } = tensor.node;
  if (op.name === "slice") return isLeaf(inputs[0]!);
  if (op.elementwise !== true) return rearranging.has(op.name);
  return !costly.has(op.name) && !isBiasedProduct(tensor);
}

/** A sum with a product of the same size: nothing else needs the product. */
function isBiasedProduct(tensor: Tensor): boolean {
  const { op, inputs } = tensor.node;
  return (
    op.name === "add" &&
    inputs.some((x) => sameShape(x.shape, tensor.shape) && (x.node.op.name === "matmul" || isBiasedProduct(x)))
  );
}

/**
 * The gradient of a scan: a scan over the same steps backwards. Its body is the gradient of the body.
 *
 * What a step needs of the forward pass is stacked there (products, reductions, carries, exponentials) or computed
 * again (whatever is cheap). A captured weight's gradient is not added up step by step where it is a product or a sum:
 * its factors are stacked, and contracted once, outside; but not where a step is checkpointed, which asks for memory
 * and not for time.
 */
export function reverseScan(gs: readonly Adjoint[], inputs: readonly Tensor[], scan: Tensor): readonly Adjoint[] {
  const { captured: count, carries, length, reverse } = scanAttributes(scan.node);
  const body = scan.node.body!;
  const captured = inputs.slice(0, count);
  const inits = inputs.slice(count, count + carries);
  const sequences = inputs.slice(count + carries);
  const carryIn = body.placeholders.slice(0, carries);
  const slices = body.placeholders.slice(carries);

  // The cotangents of one step: of each carry, and of each output that anything depends on.
  const floats = body.outputs.map((y, i) => isFloating(y.dtype) && (i < carries || gs[i] !== undefined));
  const cotangents = body.outputs.map((y, i) => (floats[i] ? leaf(y.shape, y.dtype) : undefined));
  const boundary = new Set([...body.placeholders, ...body.captured]);
  const gradients = backpropagate(body.outputs, cotangents, [...carryIn, ...slices, ...body.captured], boundary);
  const carryGradients = carryIn.map((x, i) => (isFloating(x.dtype) ? (gradients[i] ?? zerosLike(x)) : undefined));
  const sliceGradients = gradients.slice(carries, carries + slices.length);
  const capturedGradients = gradients.slice(carries + slices.length);

  const present = <T>(list: readonly (T | undefined)[]) => list.filter((x): x is T => x !== undefined);
  const forward = new ForwardValues(body, scan, present(gradients), cotangents);
  const outside = new Contractions(forward, length);
  const checkpointed = topological(body.outputs, boundary).some(({ node }) => node.op.name === "checkpoint");
  const plans = capturedGradients.map((g) => (g === undefined || checkpointed ? undefined : outside.plan(g)));
  const accumulated = capturedGradients.map((g, i) =>
    g !== undefined && plans[i] === undefined ? { g, total: leaf(captured[i]!.shape, captured[i]!.dtype) } : undefined,
  );

  const carryCotangents = present(cotangents.slice(0, carries));
  const outputCotangents = present(cotangents.slice(carries));
  const totals = present(accumulated);
  const carried = [...present(carryGradients), ...totals.map(({ g, total }) => add(total, g))];
  const stacked = [...present(sliceGradients), ...outside.emitted];
  const needed = forward.neededFor([...carried, ...stacked]);
  const backward = new Closure(
    [...carryCotangents, ...totals.map(({ total }) => total), ...outputCotangents, ...needed],
    [...carried, ...stacked],
  );
  const starts = [
    ...present(carryIn.map((x, i) => (isFloating(x.dtype) ? (gs[i] ?? zerosLike(x)) : undefined))),
    ...totals.map(({ total }) => zerosLike(total)),
  ];
  const stacks = [
    ...present(gs.map((g, i) => (i >= carries && floats[i] ? g : undefined))),
    ...needed.map((x) => forward.stacked(x)),
  ];
  const loop = recordScan(scan.node.op, backward, starts, stacks, length, !reverse);

  let next = 0;
  const initGradients = inits.map((_, i) => (carryGradients[i] === undefined ? undefined : part(loop, next++)));
  const totalGradients = accumulated.map((entry) => (entry === undefined ? undefined : part(loop, next++)));
  const sequenceGradients = sequences.map((_, i) => (sliceGradients[i] === undefined ? undefined : part(loop, next++)));
  const first = next;
  const emittedStack = (tensor: Tensor) => part(loop, first + outside.emitted.indexOf(tensor));
  const weightGradients = captured.map((_, i) => plans[i]?.(emittedStack) ?? totalGradients[i]);
  return [...weightGradients, ...initGradients, ...sequenceGradients];
}

/** What the backward loop reads of the forward one. */
class ForwardValues {
  readonly #body: Closure;
  readonly #scan: Tensor;
  readonly #inside: ReadonlySet<Tensor>;
  readonly #stacks = new Map<Tensor, Tensor>();

  constructor(body: Closure, scan: Tensor, gradients: readonly Tensor[], cotangents: readonly Adjoint[]) {
    this.#body = body;
    this.#scan = scan;
    const boundary = new Set([...body.placeholders, ...body.captured]);
    const backward = new Set(cotangents);
    const inside = new Set(body.placeholders);
    const order = topological(gradients, boundary);
    for (const tensor of order) {
      if (boundary.has(tensor)) continue;
      if (tensor.node.inputs.some((x) => backward.has(x))) backward.add(tensor);
      else if (tensor.node.inputs.some((x) => inside.has(x))) inside.add(tensor);
    }
    this.#inside = inside;
  }

  /** Whether a value is of the forward step, and differs from step to step. */
  has(tensor: Tensor): boolean {
    return this.#inside.has(tensor);
  }

  /** The step's values that the backward loop is fed to compute some results. */
  neededFor(results: readonly Tensor[]): readonly Tensor[] {
    const { placeholders, captured } = this.#body;
    const [needed, seen] = [new Set<Tensor>(), new Set<Tensor>()];
    const stack = [...results];
    for (const tensor of topological(results, new Set([...placeholders, ...captured])))
      if (!this.#inside.has(tensor)) stack.push(...tensor.node.inputs);
    while (stack.length > 0) {
      const x = stack.pop()!;
      if (!this.#inside.has(x) || seen.has(x)) continue;
      seen.add(x);
      if (isCheap(x) && !placeholders.includes(x)) stack.push(...x.node.inputs);
      else needed.add(x);
    }
    return [...needed];
  }

  /** A value of every step, along a new first axis. */
  stacked(tensor: Tensor): Tensor {
    const known = this.#stacks.get(tensor);
    if (known !== undefined) return known;
    const { carries, captured, length, reverse } = scanAttributes(this.#scan.node);
    const slice = this.#body.placeholders.indexOf(tensor) - carries;
    const { inputs } = this.#scan.node;
    const stack =
      slice >= 0
        ? inputs[captured + carries + slice]!
        : this.#extra(
            tensor,
            inputs.slice(captured, captured + carries),
            inputs.slice(captured + carries),
            length,
            reverse,
          );
    this.#stacks.set(tensor, stack);
    return stack;
  }

  /** The forward loop with one more output; when it is lowered, both are one. */
  #extra(
    tensor: Tensor,
    carries: readonly Tensor[],
    sequences: readonly Tensor[],
    length: number,
    reverse: boolean,
  ): Tensor {
    const closure = new Closure(this.#body.placeholders, [...this.#body.outputs.slice(0, carries.length), tensor]);
    return part(recordScan(this.#scan.node.op, closure, carries, sequences, length, reverse), carries.length);
  }
}

/** What a tensor is the transpose of, in its last two axes. */
function lastTwoSwapped({ node: { op, inputs, attributes }, rank }: Tensor): Tensor | undefined {
  if (op.name !== "transpose") return undefined;
  const permutation = attributes.permutation as readonly number[];
  const swapped = permutation.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i));
  return swapped ? inputs[0] : undefined;
}

type Finish = (stackOf: (tensor: Tensor) => Tensor) => Tensor;

/** Sums over steps that are done outside the loop, on stacked factors. */
class Contractions {
  /** What the backward loop must put out for them, step by step. */
  readonly emitted: Tensor[] = [];
  readonly #forward: ForwardValues;
  readonly #length: number;

  constructor(forward: ForwardValues, length: number) {
    this.#forward = forward;
    this.#length = length;
  }

  /** How to sum `g` over all steps outside the loop; undefined where adding it up inside is as good. */
  plan(g: Tensor): Finish | undefined {
    const { shape } = g;
    const { op, inputs, attributes } = g.node;
    if (op.name === "add" && inputs.every((x) => x.rank === g.rank && sizeOf(x.shape) === sizeOf(shape))) {
      const plans = inputs.map((x) => this.plan(x));
      const [left, right] = plans;
      return left && right && ((stackOf) => add(left(stackOf), right(stackOf)));
    }
    if (op.name === "transpose" || op.name === "reshape") {
      const inner = this.plan(inputs[0]!);
      if (inner === undefined) return undefined;
      return (stackOf) =>
        op.name === "reshape"
          ? reshape(inner(stackOf), shape)
          : transpose(inner(stackOf), attributes.permutation as readonly number[]);
    }
    if (op.name === "matmul" && inputs.every((x) => sameShape(x.shape.slice(0, -2), shape.slice(0, -2))))
      return this.#product(inputs[0]!, inputs[1]!);
    if (op.name === "sum" && attributes.keepDims === false) {
      const axes = attributes.axes as readonly number[];
      const term = this.#stack(inputs[0]!);
      return (stackOf) => sum(term(stackOf), [0, ...axes.map((axis) => axis + 1)]);
    }
    return undefined;
  }

  /** Σₜ aₜ bₜ as one product: [..., m, steps·k] × [..., steps·k, n]. */
  #product(a: Tensor, b: Tensor): Finish {
    const flipped = lastTwoSwapped(a);
    const [left, right] = [this.#rows(flipped ?? a, flipped !== undefined), this.#rows(b, true)];
    return (stackOf) => matmul(flipped === undefined ? left(stackOf) : transpose(left(stackOf)), right(stackOf));
  }

  /** The matrices of all steps below each other, [..., steps·rows, columns], or else beside each other. */
  #rows(matrix: Tensor, below: boolean): Finish {
    const [rows, columns] = matrix.shape.slice(-2) as [number, number];
    const leading = matrix.shape.slice(0, -2);
    const stack = this.#stack(matrix);
    const before = leading.map((_, axis) => axis + 1); // the steps go behind these axes
    const [row, column] = [leading.length + 1, leading.length + 2];
    const order = below ? [...before, 0, row, column] : [...before, row, 0, column];
    const shape = below ? [this.#length * rows, columns] : [rows, this.#length * columns];
    return (stackOf) => reshape(transpose(stack(stackOf), order), [...leading, ...shape]);
  }

  /**
   * A value of every step: from the forward loop, or put out by the backward one; transposed outside rather than at
   * each step.
   */
  #stack(tensor: Tensor): Finish {
    if (tensor.node.op.name === "transpose") {
      const inner = this.#stack(tensor.node.inputs[0]!);
      const order = [0, ...(tensor.node.attributes.permutation as readonly number[]).map((axis) => axis + 1)];
      return (stackOf) => transpose(inner(stackOf), order);
    }
    if (this.#forward.has(tensor) && !isCheap(tensor)) return () => this.#forward.stacked(tensor);
    if (!this.emitted.includes(tensor)) this.emitted.push(tensor);
    return (stackOf) => stackOf(tensor);
  }
}
