import type { Claim } from "@ansatz/lab";

/** What a run finds. */
export interface Figures extends Readonly<Record<string, number>> {
  /** On data that were not learned from, at the end. */
  readonly loss: number;
  /** Where it first was at the task's target; all steps if it never was. */
  readonly stepsToTarget: number;
  /** The same in gradients of the loss, with those that estimate a curvature. */
  readonly gradientsToTarget: number;
  /** The same in seconds. */
  readonly secondsToTarget: number;
  readonly secondsPerStep: number;
  /** The bytes of the rule's state on the backend. */
  readonly stateBytes: number;
  /** The share of the coordinates that moved whose move was the learning rate, in the step halfway. */
  readonly movedByRate: number;
  /** Sophia's win rate: the share of coordinates that are not clipped. 1 for rules that clip nothing. */
  readonly unclipped: number;
}

/** How many times as long AdamW takes to the target as another rule, which pays for its curvature, too. */
const fasterThan =
  (slower: string, faster: string) =>
  (result: Figures, others: Readonly<Record<string, Figures>>): number =>
    (others[slower] ?? result).gradientsToTarget / others[faster]!.gradientsToTarget;

export const claims: readonly Claim<Figures>[] = [
  {
    claim: "Lion keeps half of the bytes that AdamW keeps",
    value: (result, { lion }) => lion!.stateBytes / result.stateBytes,
    atLeast: 0.5,
    atMost: 0.5,
    unvarying: "the parameters are as many for every seed",
    paper: "Chen et al. 2023, Section 3.2",
    reported: 0.5,
  },
  {
    claim: "with Lion every coordinate that moves does so by the learning rate",
    value: (_result, { lion }) => lion!.movedByRate,
    atLeast: 1,
    unvarying: "it follows from the formula",
    paper: "Chen et al. 2023, Algorithm 2",
  },
  {
    claim: "Lion's loss is within 2 % of AdamW's, or below it",
    value: (result, { lion }) => lion!.loss / result.loss,
    atMost: 1.02,
    paper: "Chen et al. 2023, Section 4.4",
  },
  {
    claim: "AdamW needs more gradients than Sophia-G, those for the curvature included",
    value: fasterThan("adamw", "sophiaG"),
    moreThan: 1,
    paper: "Liu et al. 2023, Figure 1: twice as many steps",
    reported: 2,
  },
  {
    claim: "so does Lion",
    value: fasterThan("lion", "sophiaG"),
    moreThan: 1,
    paper: "Liu et al. 2023, Figure 4",
  },
  {
    claim: "and AdamW needs more gradients than Sophia-H",
    value: fasterThan("adamw", "sophiaH"),
    moreThan: 1,
    paper: "Liu et al. 2023, Figure 4",
  },
  {
    claim: "Sophia-G leaves 10 to 50 % of the coordinates unclipped",
    value: (_result, { sophiaG }) => sophiaG!.unclipped,
    atLeast: 0.1,
    atMost: 0.5,
    paper: "Liu et al. 2023, Section 3.1",
  },
  {
    claim: "AdamW needs more steps than Muon",
    value: fasterThan("adamw", "muon"),
    moreThan: 1,
    paper: "Jordan et al. 2024: 1.35 times as many",
    reported: 1.35,
  },
  {
    claim: "Muon needs more steps than NorMuon",
    value: fasterThan("muon", "normuon"),
    moreThan: 1,
    paper: "Li et al. 2025, abstract: 11 % more",
    reported: 1.1131,
  },
  {
    claim: "AdamW needs more steps than SOAP",
    value: fasterThan("adamw", "soap"),
    moreThan: 1,
    paper: "Vyas et al. 2024, abstract: SOAP needs 40 % fewer",
    reported: 1 / 0.6,
  },
  {
    claim: "AdEMAMix ends at a lower loss than AdamW",
    value: (result, { ademamix }) => result.loss - ademamix!.loss,
    moreThan: 0,
    paper: "Pagliardini et al. 2024, Figure 1",
  },
  {
    claim: "without a schedule nothing is lost: the loss is within 2 % of that of AdamW with a cosine",
    value: (result, { scheduleFree }) => scheduleFree!.loss / result.loss,
    atMost: 1.02,
    paper: "Defazio et al. 2024, Figure 1",
  },
  {
    claim: "where directions mix all coordinates, momentum alone goes further than AdamW, in factors of ten",
    value: (_result, others) => Math.log10(others["quadratic-adamw"]!.loss / others["quadratic-sgd"]!.loss),
    moreThan: 0,
  },
];
