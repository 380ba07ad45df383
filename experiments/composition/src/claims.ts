import type { Claim } from "@ansatz/lab";

/** Nats for each character of unseen text. */
export type Figures = { readonly validationLoss: number };

/** What a model without one of the components loses more than the one that has all. */
const lostBy =
  (baseline: string): Claim<Figures>["value"] =>
  (result, baselines) =>
    baselines[baseline]!.validationLoss - result.validationLoss;

export const claims: readonly Claim<Figures>[] = [
  { claim: "all five together learn more than none of them", value: lostBy("plain"), moreThan: 0 },
  {
    claim: "experts learn more than one layer at equal cost",
    value: lostBy("oneLayer"),
    moreThan: 0,
    paper: "Fedus, Zoph & Shazeer 2021, Section 3.1, Figure 4",
  },
  {
    claim: "balancing them costs less than 0.02 nats",
    value: lostBy("unbalanced"),
    atLeast: -0.02,
    paper: "Fedus, Zoph & Shazeer 2021, Section 2.2",
  },
  {
    claim: "windows in every other block cost less than 0.02 nats",
    value: lostBy("fullAttention"),
    atLeast: -0.02,
    paper: "Beltagy et al. 2020, Section 3.1",
  },
  {
    claim: "Muon and Lion learn more than AdamW in as many steps",
    value: lostBy("adamw"),
    moreThan: 0,
    paper: "Jordan et al. 2024",
  },
  {
    claim: "warm-up and cosine learn more than a constant rate",
    value: lostBy("constantRate"),
    moreThan: 0,
    paper: "Loshchilov & Hutter 2016",
  },
];
