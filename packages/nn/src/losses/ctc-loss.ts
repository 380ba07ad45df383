import {
  add,
  and,
  broadcastTo,
  concat,
  customGradient,
  div,
  equal,
  exp,
  expandDims,
  flip,
  full,
  greater,
  greaterEqual,
  iota,
  less,
  log,
  logSumExp,
  maximum,
  mul,
  neg,
  notEqual,
  pad,
  reshape,
  scan,
  ShapeError,
  slice,
  split,
  squeeze,
  stack,
  stopGradient,
  sub,
  takeAlongAxis,
  transpose,
  where,
  type Tensor,
} from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import { reduced, type Reduction } from "./reduction.ts";

export interface CTCOptions {
  /** The class that stands for no label. Default: 0. */
  readonly blank?: number;
  /** The length of each input in steps, [batch] of int32. A longer one counts as all steps. Default: all steps. */
  readonly inputLengths?: Tensor;
  /** The length of each target in labels, [batch] of int32. Default: all labels. */
  readonly targetLengths?: Tensor;
  /** Use 0 instead of Infinity for a target that is too long for its input. Default: false. */
  readonly zeroInfinity?: boolean;
  /** "mean" divides each loss by the length of its target first. Default: "mean". */
  readonly reduction?: Reduction;
}

/** Stands for the log-probability −∞. It is finite, so that differences and their gradients are never NaN. */
const impossible = -1e30;

/**
 * Connectionist temporal classification: −ln of the total probability of all alignments of a target, in nats. Graves,
 * Fernández, Gomez & Schmidhuber 2006.
 *
 *   αₜ(s) = yₜ(l′ₛ) (αₜ₋₁(s) + αₜ₋₁(s − 1) + [l′ₛ is not blank and differs from l′ₛ₋₂] αₜ₋₁(s − 2))
 *
 * Here l′ is the target with a blank around each label. logProbabilities is [time, batch, classes], for example from
 * `logSoftmax`, and may be −∞; target is [batch, labels] of int32. One scan computes α in log-space. A target without
 * any possible alignment has a loss of Infinity and no gradient.
 *
 * @throws ShapeError if the batch lengths differ
 * @example ctcLoss(full([3, 1, 2], Math.log(0.5)), integers([[1, 1]]), { reduction: "sum" })  // 2.0794
 */
export function ctcLoss(logProbabilities: Tensor, target: Tensor, options: CTCOptions = {}): Tensor {
  const { blank = 0, zeroInfinity = false, reduction = "mean" } = options;
  const [time, batch] = logProbabilities.shape as [number, number, number];
  const whole = (value: number): Tensor => full([batch], value, { dtype: "int32" });
  const { inputLengths = whole(time), targetLengths = whole(target.shape[1] ?? 0) } = options;
  checkShapes(logProbabilities, target, inputLengths, targetLengths);
  const present = less(iota(target.shape[1]!), reshape(targetLengths, [batch, 1]));
  const labels = where(present, target, blank); // padding may hold anything
  const extended = withBlanks(labels, blank); // l′  [batch, states]
  const possible = maximum(logProbabilities, impossible);
  const emitted = takeAlongAxis(possible, broadcastTo(extended, [time, batch, extended.shape[1]!]), 2);
  const counts = options.inputLengths && less(expandDims(iota(time), 1), inputLengths); // [time, batch]
  const [last, both] = alignments(emitted, extended, targetLengths, counts, blank);
  const loss = withPosteriors(
    neg(endsIn(last, targetLengths)),
    emitted,
    both,
    counts ?? full([time, batch], 1, { dtype: "bool" }),
  );
  const infeasible = greaterEqual(loss, -0.5 * impossible); // NaN stays
  const each = where(infeasible, zeroInfinity ? 0 : Infinity, loss);
  return reduced("ctcLoss", reduction === "mean" ? div(each, maximum(targetLengths, 1)) : each, reduction);
}

/**
 * The last α [batch, states], and α and β of every step, [time, states, 2 · batch]. β is the same recurrence from the
 * end to the beginning: of the flipped emissions, which a second half of the batch holds.
 */
function alignments(
  emitted: Tensor,
  extended: Tensor,
  targetLengths: Tensor,
  counts: Tensor | undefined,
  blank: number,
): readonly [Tensor, Tensor] {
  const [, batch, states] = emitted.shape as [number, number, number];
  const { dtype } = emitted;
  const skips = transpose(concat([maySkip(extended, blank), maySkip(flip(extended, 1), blank)])); // [states, 2 batch]
  const penalty = pad(where(expandDims(skips, 0), full([], 0, { dtype }), impossible), [
    [2, 0],
    [0, 0],
    [0, 0],
  ]); // of staying, of one state on, of two  [3, states, 2 batch]
  const first = concat([full([batch], 0, { dtype: "int32" }), sub(states - 1, mul(2, targetLengths))]);
  const starts = where(equal(reshape(iota(states), [1, states, 1]), first), full([], 0, { dtype }), impossible);
  const flipped = concat([emitted, flip(emitted, [0, 2])], 1);
  const emissions = expandDims(transpose(flipped, [0, 2, 1]), 1); // [time, 1, states, 2 batch]
  const within = counts && concat([counts, flip(counts, 0)], 1); // [time, 2 batch]
  const [last, both] = scan(
    (padded: Tensor, { emission, read }: { readonly emission: Tensor; readonly read?: Tensor }) => {
      // The states themselves, those before and those two before, each [1, states, 2 · batch].
      const back = [2, 1, 0].map((place) => slice(padded, [null, [place, place + states]]));
      const next = add(logSumExp(add(concat(back), penalty), 0, { keepDims: true }), emission);
      const alpha = read === undefined ? next : where(read, next, back[0]!);
      return [before(alpha), alpha];
    },
    before(starts),
    { emission: emissions, ...(within && { read: within }) },
  );
  const end = reshape(slice(last as Tensor, [null, [2, null], [0, batch]]), [states, batch]);
  return [transpose(end), squeeze(both as Tensor, 1)];
}

/** Two states in front that cannot be. */
function before(alpha: Tensor): Tensor {
  // [1, states, batch] -> [1, states + 2, batch]
  return pad(
    alpha,
    [
      [0, 0],
      [2, 0],
      [0, 0],
    ],
    { value: impossible },
  );
}

/**
 * The loss, with a gradient that needs no loop: the slope of an emission is minus the share of all alignments that pass
 * through it, exp(αₜ(s) + βₜ(s) − ln yₜ(l′ₛ) + loss).
 */
const withPosteriors = customGradient({
  forward: (loss) => loss!,
  gradient: (g, [loss, emitted, both, counts]) => {
    const [time, batch] = emitted!.shape as [number, number, number];
    const [alpha, flipped] = split(both!, 2) as [Tensor, Tensor]; // each [time, states, batch]
    const shares = sub(add(add(alpha, flip(flipped, [0, 1])), loss!), transpose(emitted!, [0, 2, 1]));
    const part = and(less(loss!, -0.5 * impossible), reshape(counts!, [time, 1, batch]));
    const slopes = mul(neg(g), exp(where(part, shares, impossible)));
    return [undefined, transpose(slopes, [0, 2, 1]), undefined, undefined];
  },
});

function checkShapes(logProbabilities: Tensor, target: Tensor, inputLengths: Tensor, targetLengths: Tensor): void {
  const batch = logProbabilities.shape[1];
  if (
    logProbabilities.rank === 3 &&
    target.rank === 2 &&
    target.shape[0] === batch &&
    [inputLengths, targetLengths].every((x) => x.rank === 1 && x.shape[0] === batch)
  )
    return;
  throw new ShapeError(
    "ctcLoss: the shapes do not fit\n" +
      `  logProbabilities: ${showShape(logProbabilities.shape)}  (time batch classes)\n` +
      `  target:           ${showShape(target.shape)}  (batch labels)\n` +
      `  inputLengths:     ${showShape(inputLengths.shape)}  (batch)\n` +
      `  targetLengths:    ${showShape(targetLengths.shape)}  (batch)`,
  );
}

/** Puts blanks before, between and after the labels. */
function withBlanks(labels: Tensor, blank: number): Tensor {
  // [batch, labels] -> [batch, 2 labels + 1]
  const [batch, count] = labels.shape as [number, number];
  const blanks = (length: number): Tensor => full([batch, length], blank, { dtype: "int32" });
  return concat([reshape(stack([blanks(count), labels], 2), [batch, 2 * count]), blanks(1)], 1);
}

/** Whether a state may be entered from two states before: only a label, and only from a different label. */
function maySkip(extended: Tensor, blank: number): Tensor {
  // [batch, states]
  const before = slice(
    pad(
      extended,
      [
        [0, 0],
        [2, 0],
      ],
      { value: blank },
    ),
    [null, [0, extended.shape[1]!]],
  );
  return and(notEqual(extended, blank), notEqual(extended, before));
}

function logSumOfThree(a: Tensor, b: Tensor, c: Tensor): Tensor {
  const largest = stopGradient(maximum(maximum(a, b), c));
  return add(log(add(add(exp(sub(a, largest)), exp(sub(b, largest))), exp(sub(c, largest)))), largest);
}

/** The log-probability of ending in the last label or in the blank after it. */
function endsIn(alpha: Tensor, targetLengths: Tensor): Tensor {
  // [batch, states] -> [batch]
  const batch = alpha.shape[0]!;
  const at = (position: Tensor): Tensor => reshape(takeAlongAxis(alpha, reshape(position, [batch, 1]), 1), [batch]);
  const inBlank = at(mul(2, targetLengths));
  const inLabel = where(greater(targetLengths, 0), at(maximum(sub(mul(2, targetLengths), 1), 0)), impossible);
  return logSumOfThree(inBlank, inLabel, full([batch], impossible, { dtype: alpha.dtype }));
}
