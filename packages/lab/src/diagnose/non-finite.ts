import { abs, any, cast, equal, isNaN, stack, type Tensor } from "@ansatz/core";
import { isFloating, type PendingRun } from "@ansatz/core/plugin";
import type { Found } from "./finding.ts";
import type { ModuleTrace } from "./module-trace.ts";
import type { StepGraph } from "./step-graph.ts";

/** What to try first, by the op where the first NaN or infinity appeared. */
const remedies: Readonly<Record<string, string>> = {
  log: "Keep its argument above 0: add a small ε, or use logSoftmax or softmaxCrossEntropy, which take logits.",
  div: "Keep its divisor away from 0: add a small ε to it.",
  sqrt: "Keep its argument above 0: add a small ε under the root. Its slope at 0 is infinite.",
  pow: "Keep its base above 0: add a small ε to it.",
  exp:
    "Keep its argument below 88, where float32 overflows: subtract the maximum first, " +
    "or use softmax, logSumExp or sigmoid, which do so.",
  softmax: "Look for a row that is masked completely: there is nothing left to normalise.",
};

const general =
  "Lower the learning rate to a third, clip the gradients to a global norm of 1, and warm the learning rate up. " +
  "Then look at the inputs of this op.";

/** Finds the first value of a step that is NaN or infinite: which op made it, in which module. */
export async function firstNonFinite(
  graph: StepGraph,
  run: PendingRun,
  trace: ModuleTrace,
): Promise<Found | undefined> {
  return (await originIn(graph.forward, run, trace)) ?? (await originIn(graph.backward, run, trace, graph.forward));
}

interface Flags {
  readonly nan: ReadonlySet<Tensor>;
  readonly infinite: ReadonlySet<Tensor>;
}

async function originIn(
  tensors: readonly Tensor[],
  run: PendingRun,
  trace: ModuleTrace,
  before: readonly Tensor[] = [],
): Promise<Found | undefined> {
  const flags = await flagsOf(tensors, run);
  const earlier = before.length === 0 ? flags : await flagsOf(before, run);
  const isNan = (tensor: Tensor) => flags.nan.has(tensor) || earlier.nan.has(tensor);
  const isInfinite = (tensor: Tensor) => flags.infinite.has(tensor) || earlier.infinite.has(tensor);
  const made = (holds: (tensor: Tensor) => boolean, within: readonly Tensor[]) =>
    within.find((tensor) => holds(tensor) && !valueInputs(tensor).some(holds));

  const nan = made(isNan, tensors);
  // Infinities in a constant are intended, as in a mask. Others may have caused the NaN.
  const infinity = made(
    isInfinite,
    (nan === undefined ? tensors : ancestorsOf(nan, tensors)).filter((tensor) => tensor.node.op.name !== "constant"),
  );
  const ended = nan ?? tensors.at(-1);
  if (ended === undefined || (nan === undefined && (infinity === undefined || !isInfinite(ended)))) return undefined;
  const origin = infinity ?? nan!;
  const where = trace.moduleOf(origin) ?? nearestModule(origin, trace);
  const name = nameOf(origin);
  const backward = before.length === 0 ? "" : " in the backward pass, in the gradient";
  const consequence =
    nan !== undefined && infinity !== undefined && nan !== infinity ? `; from it ${nameOf(nan)} made NaN` : "";
  const shape = `[${origin.shape.join(", ")}]`;
  const maker =
    origin.node.inputs.length > 0
      ? `${name} ${shape} made the first ${infinity === undefined ? "NaN" : "infinity"}${backward}`
      : `${name} ${shape} holds ${infinity === undefined ? "NaN" : "an infinity"} before anything is computed`;
  return {
    kind: "not finite",
    ...(where === undefined ? {} : { where }),
    message: `${maker}${consequence}`,
    advice:
      origin.node.inputs.length > 0
        ? (remedies[origin.node.op.name] ?? general)
        : origin.node.source?.kind === "cell"
          ? "It was there before this step: look at the update of the step before, or at the checkpoint it came from."
          : "Look at the data: drop or fix the examples that hold it.",
  };
}

/** Which tensors hold a NaN, and which an infinity, computed in one program. */
async function flagsOf(tensors: readonly Tensor[], { evaluate }: PendingRun): Promise<Flags> {
  const floating = tensors.filter(
    (tensor) => isFloating(tensor.dtype) && tensor.node.parts === undefined && tensor.size > 0,
  );
  if (floating.length === 0) return { nan: new Set(), infinite: new Set() };
  const flags = (of: (tensor: Tensor) => Tensor) => stack(floating.map((tensor) => cast(any(of(tensor)), "float32")));
  const [nan, infinite] = await evaluate([flags(isNaN), flags((tensor) => equal(abs(tensor), Infinity))]);
  return {
    nan: new Set(floating.filter((_, i) => nan![i] === 1)),
    infinite: new Set(floating.filter((_, i) => infinite![i] === 1)),
  };
}

/** The tensors from which a value was computed. For one of an op's several results, they are the op's inputs. */
function valueInputs(tensor: Tensor): readonly Tensor[] {
  return tensor.node.inputs.flatMap((input) => (input.node.parts === undefined ? [input] : valueInputs(input)));
}

/** A tensor and everything that it depends on, in the order of `ordered`. */
function ancestorsOf(tensor: Tensor, ordered: readonly Tensor[]): Tensor[] {
  const found = new Set<Tensor>();
  const waiting = [tensor];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    waiting.push(...next.node.inputs);
  }
  return ordered.filter((candidate) => found.has(candidate));
}

/** The nearest module whose values a gradient was computed from. */
function nearestModule(tensor: Tensor, trace: ModuleTrace): string | undefined {
  let level = tensor.node.inputs;
  for (let depth = 0; depth < 4 && level.length > 0; depth++) {
    for (const input of level) {
      const where = trace.moduleOf(input);
      if (where !== undefined) return where;
    }
    level = level.flatMap(({ node }) => node.inputs);
  }
  return undefined;
}

function nameOf(tensor: Tensor): string {
  if (tensor.node.source?.kind === "cell") return tensor.node.source.cell.describe();
  if (tensor.node.inputs.length === 0 && tensor.node.op.name === "leaf") return "an input of the step";
  return tensor.node.op.name === "part" ? tensor.node.inputs[0]!.node.op.name : tensor.node.op.name;
}
