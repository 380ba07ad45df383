import { ArgumentError, type Tensor } from "@ansatz/core";

export interface CTCDecodeOptions {
  /** The class that stands for no label. Default: 0. */
  readonly blank?: number;
  /** The length of each sequence in steps. Default: all steps. */
  readonly lengths?: readonly number[];
}

/** A labelling, and the logarithm of its probability. */
export interface CTCHypothesis {
  readonly labels: readonly number[];
  readonly logProbability: number;
}

/**
 * Best-path decoding: the likeliest class at each step, with repetitions merged and blanks removed. Graves et al. 2006.
 *
 * logProbabilities [time, batch, classes] give one labelling for each sequence.
 *
 * @throws ArgumentError if the lengths do not fit
 * @example await ctcGreedyDecode(tensor([[[0, 1]], [[0, 1]], [[1, 0]], [[0, 1]]]))  // [[1, 1]]
 */
export async function ctcGreedyDecode(logProbabilities: Tensor, options: CTCDecodeOptions = {}): Promise<number[][]> {
  const { blank = 0 } = options;
  return (await sequencesOf(logProbabilities, options)).map((steps) => {
    const path = steps.map((scores) => scores.indexOf(Math.max(...scores)));
    return path.filter((label, t) => label !== blank && label !== path[t - 1]);
  });
}

/**
 * Prefix search with a beam, which adds up all alignments of a prefix. Graves et al. 2006; Hannun et al. 2014,
 * arXiv:1408.2873, without a language model.
 *
 * logProbabilities [time, batch, classes] give up to `beams` labellings for each sequence, the likeliest first. The
 * search is exact if the beam holds every prefix.
 *
 * @throws ArgumentError if the lengths do not fit, or the number of beams is not a whole number
 * @example (await ctcBeamDecode(log(tensor([[[0.6, 0.4]], [[0.6, 0.4]]])))).map(([best]) => best!.labels)  // [[1]]
 */
export async function ctcBeamDecode(
  logProbabilities: Tensor,
  options: CTCDecodeOptions & { readonly beams?: number } = {},
): Promise<CTCHypothesis[][]> {
  const { blank = 0, beams = 16 } = options;
  if (!Number.isInteger(beams) || beams < 1)
    throw new ArgumentError(`ctcBeamDecode: ${beams} beams\n  use a whole number, 1 or more`);
  return (await sequencesOf(logProbabilities, options)).map((steps) => prefixSearch(steps, blank, beams));
}

/** A prefix, with the log-probabilities of its alignments that end in a blank and in its last label. */
interface Prefix {
  readonly labels: readonly number[];
  inBlank: number;
  inLabel: number;
}

function prefixSearch(steps: readonly (readonly number[])[], blank: number, beams: number): CTCHypothesis[] {
  let beam: Prefix[] = [{ labels: [], inBlank: 0, inLabel: -Infinity }];
  for (const scores of steps) {
    const next = new Map<string, Prefix>();
    const of = (labels: readonly number[]): Prefix => {
      const name = labels.join();
      const known = next.get(name) ?? { labels, inBlank: -Infinity, inLabel: -Infinity };
      next.set(name, known);
      return known;
    };
    for (const { labels, inBlank, inLabel } of beam) {
      const either = logAdd(inBlank, inLabel);
      const same = of(labels);
      same.inBlank = logAdd(same.inBlank, either + scores[blank]!);
      const last = labels.at(-1);
      for (const [label, score] of scores.entries()) {
        if (label === blank) continue;
        if (label === last) same.inLabel = logAdd(same.inLabel, inLabel + score); // repeated without a blank: merged
        const longer = of([...labels, label]);
        longer.inLabel = logAdd(longer.inLabel, (label === last ? inBlank : either) + score);
      }
    }
    beam = [...next.values()]
      .sort((a, b) => logAdd(b.inBlank, b.inLabel) - logAdd(a.inBlank, a.inLabel))
      .slice(0, beams);
  }
  return beam.map(({ labels, inBlank, inLabel }) => ({ labels, logProbability: logAdd(inBlank, inLabel) }));
}

function logAdd(a: number, b: number): number {
  const largest = Math.max(a, b);
  return largest === -Infinity ? largest : largest + Math.log1p(Math.exp(Math.min(a, b) - largest));
}

/** The scores as numbers: the steps of each sequence. */
async function sequencesOf(logProbabilities: Tensor, { lengths }: CTCDecodeOptions): Promise<number[][][]> {
  const [time, batch, classes] = logProbabilities.shape;
  if (logProbabilities.rank !== 3)
    throw new ArgumentError(
      `ctc decoding: the scores have ${logProbabilities.rank} axes\n  they must be [time, batch, classes]`,
    );
  if (
    lengths !== undefined &&
    (lengths.length !== batch || lengths.some((n) => !Number.isInteger(n) || n < 0 || n > time!))
  )
    throw new ArgumentError(
      `ctc decoding: the lengths are ${lengths.join(", ")}\n  give ${batch} whole numbers, from 0 to ${time}`,
    );
  const data = await logProbabilities.data();
  return Array.from({ length: batch! }, (_, b) =>
    Array.from({ length: lengths?.[b] ?? time! }, (_step, t) => [
      ...data.subarray((t * batch! + b) * classes!, (t * batch! + b + 1) * classes!),
    ]),
  );
}
