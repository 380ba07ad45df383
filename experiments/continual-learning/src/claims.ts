import type { Claim } from "@ansatz/lab";
import type { Figures } from "./matrix.ts";

export const claims: readonly Claim<Figures>[] = [
  {
    claim: "learning one domain after another makes the model forget the earlier ones",
    value: (result) => result.forgotten,
    moreThan: 0,
    paper: "Kirkpatrick et al. 2016, Section 1",
  },
  {
    claim: "all domains at once, for as many steps, give a lower loss on average",
    value: (result, { mixed }) => result.meanLoss - mixed!.meanLoss,
    moreThan: 0,
    paper: "Caruana 1997",
  },
  {
    claim: "a quarter of earlier sequences takes away half of the forgetting at least",
    value: (result, { replay }) => replay!.forgotten / result.forgotten,
    atMost: 0.5,
    paper: "Robins 1995",
  },
  {
    claim: "and costs less than 0.05 nats of what is learned",
    value: (result, { replay }) => replay!.learned - result.learned,
    lessThan: 0.05,
  },
  {
    claim: "elastic weight consolidation takes away half of it at least",
    value: (result, { consolidation }) => consolidation!.forgotten / result.forgotten,
    atMost: 0.5,
    paper: "Kirkpatrick et al. 2016, Section 2.1",
  },
  {
    claim: "and costs less than 0.05 nats of what is learned, too",
    value: (result, { consolidation }) => consolidation!.learned - result.learned,
    lessThan: 0.05,
  },
];
