import { discardPending, isCell, pendingCells } from "../graph/cell.ts";
import { allocate } from "../contract/dtype.ts";
import { currentBackend } from "./current.ts";
import { ArgumentError } from "../contract/errors.ts";
import { cut, isLeaf, leaf, leafOf } from "../graph/leaf.ts";
import { unalias } from "../program/lower.ts";
import { forgetShared } from "../graph/op.ts";
import { isEmpty, planOf, type Plan } from "../program/plan.ts";
import { programsOf } from "../program/program-cache.ts";
import { begin, dispatch, evaluate, inTurn, realize } from "./realize.ts";
import { isTensor, Tensor } from "../graph/tensor.ts";
import { leavesOf, rebuild, type MapTree, type Tree } from "../graph/tree.ts";
import { whileTracing, type Trace } from "../graph/trace.ts";
import { showRun } from "./watch-runs.ts";

/** One trace of a function: for one signature of its arguments. */
interface Variant {
  readonly key: string;
  readonly trace: Trace;
  readonly placeholders: readonly Tensor[];
  readonly result: Tree;
  /** What each leaf of the result is: an output of the plan, or an argument handed back. */
  readonly outputs: readonly Tensor[];
  readonly plan: Plan;
}

/**
 * Traces a step once for each signature of its arguments (shapes, dtypes, plain values, train or eval) and runs it from
 * then on without recording anything.
 *
 * Tensors among the arguments, at any depth, change from call to call; everything else is part of the signature. What
 * the step assigns (an optimizer's update) is carried out by each call; `input(() => …)`, schedules and random streams
 * are read again at each call.
 *
 * @throws ArgumentError when the function returns something other than tensors
 * @example await compile((x: Tensor) => x.mul(2))(tensor([1, 2]))  // [2, 4]
 */
export function compile<Arguments extends readonly unknown[], Result extends Tree>(
  fn: (...inputs: Arguments) => Result,
): (...inputs: Arguments) => Promise<MapTree<Result, Tensor>> {
  const variants: Variant[] = [];
  return async (...inputs) => {
    const { tensors, key, replace } = takeApart(inputs);
    if (pendingCells().length > 0 || tensors.some((x) => !isLeaf(x))) await realize(...tensors);
    let variant = variants.find(
      (candidate) => candidate.key === key && candidate.trace.guards.every((holds) => holds()),
    );
    if (variant === undefined)
      variants.push(
        (variant = traceVariant(key, tensors, (placeholders) =>
          fn(...(replace(placeholders) as unknown as Arguments)),
        )),
      );
    const chosen = variant;
    return inTurn(() => call(chosen, tensors)) as Promise<MapTree<Result, Tensor>>;
  };
}

function traceVariant(key: string, tensors: readonly Tensor[], fn: (placeholders: readonly Tensor[]) => Tree): Variant {
  const trace: Trace = { actions: [], guards: [] };
  const placeholders = tensors.map((x) => leaf(x.shape, x.dtype));
  try {
    const result = whileTracing(trace, () => fn(placeholders));
    if (result instanceof Promise) {
      result.catch(() => undefined); // the step is refused, whatever comes of it
      throw new ArgumentError(
        "compile: the function is async, but a step is recorded and not awaited\n  take `async` and `await` out of it, and await the compiled function instead",
      );
    }
    const outputs = leavesOf(result).map((x) => unalias(isCell(x) ? x.read() : x));
    const updates = pendingCells().map((cell) => {
      const value = cell.take();
      return { cell, leaf: cell.read(), value };
    });
    const computed = [...new Set(outputs)].filter((x) => !isLeaf(x) && !isEmpty(x));
    forgetShared();
    return { key, trace, placeholders, result, outputs, plan: planOf(computed, updates) };
  } catch (error) {
    discardPending();
    throw error;
  }
}

async function call(
  { trace, placeholders, result, outputs, plan }: Variant,
  tensors: readonly Tensor[],
): Promise<unknown> {
  const backend = currentBackend();
  for (const action of trace.actions) action();
  for (const [i, placeholder] of placeholders.entries()) placeholder.source = tensors[i]!.source;
  await begin(plan.leaves);
  await showRun(() => ({ outputs: plan.outputs, updates: plan.updates, evaluate }));
  const program = await programsOf(backend).get(plan);
  const storages = await dispatch(backend, program, plan);
  const values = new Map<Tensor, Tensor>();
  for (const [i, output] of plan.outputs.entries()) {
    const value = leaf(output.shape, output.dtype);
    cut(value, storages[i]!);
    values.set(output, value);
  }
  const leaves = outputs.map((output) => values.get(output) ?? tensors[placeholders.indexOf(output)] ?? given(output));
  for (const placeholder of placeholders) placeholder.source = undefined;
  return rebuild(result, leaves);
}

/** A result that was not computed: a draw, as of this call, or a value from outside. */
function given(output: Tensor): Tensor {
  if (isEmpty(output)) return leafOf(allocate(output.dtype, 0), output.shape, output.dtype);
  return output.source?.kind === "host" ? leafOf(output.source.produce(), output.shape, output.dtype) : output;
}

interface Parts {
  readonly tensors: Tensor[];
  readonly key: string;
  readonly replace: (tensors: readonly Tensor[]) => unknown[];
}

/** Arguments as their tensors, and the rest as a key. */
function takeApart(inputs: readonly unknown[]): Parts {
  const tensors: Tensor[] = [];
  const describe = (value: unknown): string => {
    if (isTensor(value) || isCell(value)) {
      const x = isCell(value) ? value.read() : value;
      tensors.push(x);
      return `${x.dtype}[${x.shape.join()}]`;
    }
    if (Array.isArray(value)) return `[${value.map(describe).join(";")}]`;
    if (ArrayBuffer.isView(value))
      throw new ArgumentError(
        "compile: a typed array was passed to a compiled function, which would compile it again for each\n  pass tensor(data) instead",
      );
    if (typeof value === "object" && value !== null)
      return `{${Object.entries(value)
        .map(([name, child]) => `${name}:${describe(child)}`)
        .join(";")}}`;
    return `${typeof value} ${String(value)}`;
  };
  const key = inputs.map(describe).join("|");
  const replace = (replacements: readonly Tensor[]) => {
    let next = 0;
    const walk = (value: unknown): unknown => {
      if (isTensor(value) || isCell(value)) return replacements[next++]!;
      if (Array.isArray(value)) return value.map(walk);
      if (typeof value === "object" && value !== null)
        return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, walk(child)]));
      return value;
    };
    return inputs.map(walk);
  };
  return { tensors, key, replace };
}
