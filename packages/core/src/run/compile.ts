import { allocate } from "../contract/dtype.ts";
import { ArgumentError } from "../contract/errors.ts";
import { isEmpty, unalias } from "../graph/alias.ts";
import { discardPending, hasPending, isCell, takePending } from "../graph/cell.ts";
import { isLeaf, leaf, leafOf } from "../graph/leaf.ts";
import { forgetShared } from "../graph/op.ts";
import { Tensor } from "../graph/tensor.ts";
import { orTakeBack, performed, whileTracing, type Trace } from "../graph/trace.ts";
import { leavesOf, rebuild, type MapTree, type Tree } from "../graph/tree.ts";
import { planOf, type Plan } from "../program/plan.ts";
import { splitArguments } from "./arguments.ts";
import { realize } from "./realize.ts";
import { inTurn, run, toCompute } from "./runner.ts";

/** How many traces a compiled function keeps; the one unused for longest goes first. */
const variantLimit = 64;

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
 * Traces a step once for each signature of its arguments, and from then on runs it without recording anything.
 *
 * Tensors among the arguments, at any depth, change from call to call. Shapes, dtypes, strings, booleans, the identity
 * of modules and other objects, and train or eval are the signature. What the step assigns (an optimizer's update) is
 * carried out by each call; `input(() => …)`, schedules and random streams are read again at each call.
 *
 * @throws ArgumentError when the function is async or returns something other than tensors, or an argument is a plain
 * number
 * @example await compile((x: Tensor) => x.mul(2))(tensor([1, 2]))  // [2, 4]
 */
export function compile<Arguments extends readonly unknown[], Result extends Tree>(
  fn: (...inputs: Arguments) => Result,
): (...inputs: Arguments) => Promise<MapTree<Result, Tensor>> {
  const variants: Variant[] = []; // the latest used last
  return async (...inputs) => {
    const { tensors, key, replace } = splitArguments(inputs);
    while (hasPending() || tensors.some((x) => !isLeaf(x))) await realize(...tensors);
    const known = variants.findIndex((one) => one.key === key && one.trace.guards.every((holds) => holds()));
    const variant =
      known >= 0
        ? variants.splice(known, 1)[0]!
        : traceVariant(key, tensors, (placeholders) => fn(...(replace(placeholders) as unknown as Arguments)));
    variants.push(variant);
    if (variants.length > variantLimit) variants.shift();
    return inTurn(() => runVariant(variant, tensors)) as Promise<MapTree<Result, Tensor>>;
  };
}

function traceVariant(key: string, tensors: readonly Tensor[], fn: (placeholders: readonly Tensor[]) => Tree): Variant {
  const trace: Trace = { actions: [], guards: [] };
  const placeholders = tensors.map((x) => leaf(x.shape, x.dtype));
  try {
    const result = whileTracing(trace, () => fn(placeholders));
    if (result instanceof Promise) {
      result.catch(() => undefined); // the step is refused, so its own failure does not matter
      throw new ArgumentError(
        "compile: the function is async, but a step is recorded and not awaited\n" +
          "  take `async` and `await` out of it, and await the compiled function instead",
      );
    }
    const outputs = leavesOf(result).map((x) => unalias(isCell(x) ? x.read() : x));
    const updates = takePending();
    forgetShared();
    return { key, trace, placeholders, result, outputs, plan: planOf(toCompute(outputs), updates) };
  } catch (error) {
    discardPending();
    throw error;
  }
}

async function runVariant(variant: Variant, tensors: readonly Tensor[]): Promise<unknown> {
  const { trace, placeholders, result, outputs, plan } = variant;
  const takeBack = performed(trace.actions);
  for (const [i, placeholder] of placeholders.entries()) placeholder.node.source = tensors[i]!.node.source;
  const storages = await orTakeBack(takeBack, () => run(plan)).finally(() => {
    for (const placeholder of placeholders) placeholder.node.source = undefined;
  });
  const values = new Map<Tensor, Tensor>();
  for (const [i, output] of plan.outputs.entries()) {
    values.set(output, leaf(output.shape, output.dtype, { kind: "storage", storage: storages[i]! }));
  }
  const leaves = outputs.map(
    (output) => values.get(output) ?? tensors[placeholders.indexOf(output)] ?? notComputed(output, plan),
  );
  return rebuild(result, leaves);
}

/** A result that no program computes: an empty one, a draw as of this call, or a value from outside. */
function notComputed(output: Tensor, plan: Plan): Tensor {
  if (isEmpty(output)) return leafOf(allocate(output.dtype, 0), output.shape, output.dtype);
  const { source } = output.node;
  if (source?.kind === "cell" && plan.updates.every(({ cell }) => cell !== source.cell)) return source.cell.read();
  return source?.kind === "host" ? leafOf(source.produce(), output.shape, output.dtype) : output;
}
