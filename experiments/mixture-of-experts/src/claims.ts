import type { Claim } from "@ansatz/lab";

type Found = {
  readonly validationLoss: number;
  readonly millisecondsPerStep: number;
  readonly largestLoadInEvaluation?: number;
  readonly informationOfCharacter?: number;
};

const switchPaper = (place: string) => `Fedus, Zoph & Shazeer 2021, ${place}`;

export const claims: readonly Claim<Found>[] = [
  {
    claim: "eight experts learn more than the dense model in as many steps",
    value: (result, { dense }) => dense!.validationLoss - result.validationLoss,
    moreThan: 0,
    paper: switchPaper("Section 3.1, Figure 4"),
  },
  {
    claim: "and more than the dense model in one and a half times the steps",
    value: (result, { denseForLonger }) => denseForLonger!.validationLoss - result.validationLoss,
    moreThan: 0,
    paper: switchPaper("Section 3.2: seven times as fast with 64 experts"),
  },
  {
    claim: "eight experts learn more than four",
    value: (result, { fourExperts }) => fourExperts!.validationLoss - result.validationLoss,
    moreThan: 0,
    paper: switchPaper("Figure 4"),
  },
  {
    claim: "without the balancing loss, the fullest expert takes at least twice its share",
    value: (_result, { unbalanced }) => unbalanced!.largestLoadInEvaluation!,
    atLeast: 2,
    paper: switchPaper("Section 2.2"),
  },
  {
    claim: "with it, the fullest expert takes less than that",
    value: (result, { unbalanced }) => unbalanced!.largestLoadInEvaluation! - result.largestLoadInEvaluation!,
    moreThan: 0,
    paper: switchPaper("Section 2.2"),
  },
  {
    claim: "dropping no token learns more than a capacity of 1",
    value: (result, { capacityOne }) => capacityOne!.validationLoss - result.validationLoss,
    moreThan: 0,
    paper: "Gale et al. 2022, Section 6.1",
  },
  {
    claim: "and more than a capacity of 1.25",
    value: (result, { capacityOneAndAQuarter }) => capacityOneAndAQuarter!.validationLoss - result.validationLoss,
    moreThan: 0,
    paper: "Gale et al. 2022, Section 6.1",
  },
];
