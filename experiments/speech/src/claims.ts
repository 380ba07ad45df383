import type { Claim } from "@ansatz/lab";
import type { Judged } from "./judged.ts";

/** Errors are edits for each digit that is said by a speaker whom the network never heard. */
export type Figures = Judged & {
  /** CTC's loss for each digit, of speakers it knows and recordings that it doesn't, in nats. */
  readonly validationLoss: number;
  /** The nearest template by dynamic time warping, which is told where each digit begins and ends. */
  readonly errorOfTemplates: number;
};

const graves2006 = "Graves et al. 2006";
const graves2013 = "Graves et al. 2013";

export const claims: readonly Claim<Figures>[] = [
  {
    claim: "an LSTM in both directions makes fewer errors than the nearest template, which knows where each digit is",
    value: (result) => result.errorOfTemplates - result.labelErrorRate,
    moreThan: 0,
  },
  {
    claim: "it makes fewer errors than one of equal size that reads forwards only",
    value: (result, { unidirectional }) => unidirectional!.labelErrorRate - result.labelErrorRate,
    moreThan: 0,
    paper: `${graves2013}, Table 1: of phonemes`,
    reported: 0.196 - 0.186,
  },
  {
    claim: "prefix search makes fewer errors than the best path",
    value: (result) => result.labelErrorRate - result.labelErrorRateByPrefixes,
    moreThan: 0,
    paper: `${graves2006}, Table 1: of phonemes`,
    reported: 0.3147 - 0.3051,
  },
  {
    claim: "digits are spikes: at most steps within a digit the likeliest label is a blank",
    value: (result) => result.blankInside,
    moreThan: 0.5,
    paper: `${graves2006}, Figure 1`,
  },
];
