import type { Claim } from "@ansatz/lab";

/** What a run finds. Losses are in nats for each character of unseen texts. */
export type Figures = {
  readonly domainLoss: number;
  readonly generalLoss: number;
  /** How much the loss in the domain fell in the later phases. */
  readonly gained: number;
  /** How much the loss on general texts rose in them. */
  readonly forgotten: number;
  /** The share of unseen mails that are sorted right into spam and others, after a few labelled ones. */
  readonly accuracy: number;
};

const gururangan = (place: string) => `Gururangan et al. 2020, ${place}`;

export const claims: readonly Claim<Figures>[] = [
  {
    claim: "going on with mails lowers the loss on mails more than as many steps of general texts",
    value: (result, { generalForLonger }) => generalForLonger!.domainLoss - result.domainLoss,
    moreThan: 0,
    paper: gururangan("Table 1"),
  },
  {
    claim: "going on with another domain raises it, compared to general texts",
    value: (_result, { generalForLonger, wrongDomain }) => wrongDomain!.domainLoss - generalForLonger!.domainLoss,
    moreThan: 0,
    paper: gururangan("Appendix E"),
  },
  {
    claim: "going on with mails is better for telling spam from other mails than general texts",
    value: (result, { generalForLonger }) => result.accuracy - generalForLonger!.accuracy,
    moreThan: 0,
    paper: gururangan("Table 3"),
  },
  {
    claim: "and better than the wrong domain",
    value: (result, { wrongDomain }) => result.accuracy - wrongDomain!.accuracy,
    moreThan: 0,
    paper: gururangan("Table 3"),
  },
  {
    claim: "the mails of the task, without labels, help after general texts",
    value: (_result, { generalForLonger, task }) => task!.accuracy - generalForLonger!.accuracy,
    moreThan: 0,
    paper: gururangan("Table 5"),
  },
  {
    claim: "and after mails of the domain",
    value: (result, { domainAndTask }) => domainAndTask!.accuracy - result.accuracy,
    moreThan: 0,
    paper: gururangan("Table 5"),
  },
  {
    claim: "going on with mails makes the model forget general texts",
    value: (result) => result.forgotten,
    moreThan: 0,
    paper: "Kirkpatrick et al. 2016, Section 1",
  },
  {
    claim: "a quarter of general sequences takes away half of that at least",
    value: (result, { replay }) => replay!.forgotten / result.forgotten,
    atMost: 0.5,
  },
  {
    claim: "and costs less than 0.05 nats on mails",
    value: (result, { replay }) => replay!.domainLoss - result.domainLoss,
    lessThan: 0.05,
  },
  {
    claim: "elastic weight consolidation takes away half of it at least",
    value: (result, { consolidation }) => consolidation!.forgotten / result.forgotten,
    atMost: 0.5,
    paper: "Kirkpatrick et al. 2016, Section 2.1",
  },
  {
    claim: "and costs less than 0.05 nats on mails, too",
    value: (result, { consolidation }) => consolidation!.domainLoss - result.domainLoss,
    lessThan: 0.05,
  },
];
