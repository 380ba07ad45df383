import type { Claim } from "@ansatz/lab";

/** Losses in nats for each character of unseen text. */
export type Figures = {
  /** In windows of the trained length. */
  readonly inside: number;
  /** In windows of twice the trained length. */
  readonly twice: number;
  /** In the longest windows. */
  readonly longest: number;
};

const press = "Press et al. 2021";

export const claims: readonly Claim<Figures>[] = [
  {
    claim: "ALiBi reads twice the trained length at no higher loss, in nats",
    value: (result) => rise(result),
    atMost: 0,
    paper: `${press}, Table 2: of words`,
    reported: Math.log(18.73 / 19.73),
  },
  {
    claim: "and eight times the trained length, too",
    value: ({ longest, inside }) => longest - inside,
    atMost: 0,
    paper: `${press}, Table 2: seven times`,
    reported: Math.log(18.4 / 19.73),
  },
  {
    claim: "at twice the length it is as good as sinusoids that were trained on that length",
    value: ({ twice }, { sinusoidalOfTwice }) => twice - sinusoidalOfTwice!.inside,
    atMost: 0,
    paper: `${press}, Tables 2 and 3`,
    reported: Math.log(18.73 / 19.34),
  },
  {
    claim: "inside the trained length ALiBi gains on sinusoids",
    value: ({ inside }, { sinusoidal }) => sinusoidal!.inside - inside,
    moreThan: 0,
    paper: `${press}, Table 2`,
    reported: Math.log(20.05 / 19.73),
  },
  {
    claim: "sinusoids lose at twice the trained length",
    value: (_result, { sinusoidal }) => rise(sinusoidal!),
    moreThan: 0,
    paper: `${press}, Table 2`,
    reported: Math.log(43.54 / 20.05),
  },
  {
    claim: "rotary positions lose less there than sinusoids",
    value: (_result, { sinusoidal, rotary }) => rise(sinusoidal!) - rise(rotary!),
    moreThan: 0,
    paper: `${press}, Table 2`,
    reported: Math.log(43.54 / 20.05) - Math.log(21.37 / 20.07),
  },
  {
    claim: "but they lose, too",
    value: (_result, { rotary }) => rise(rotary!),
    moreThan: 0,
    paper: `${press}, Table 2`,
    reported: Math.log(21.37 / 20.07),
  },
  {
    claim: "learned positions lose there, whose later rows were never trained",
    value: (_result, { learned }) => rise(learned!),
    moreThan: 0,
    paper: `${press}, Section 2.1`,
  },
  {
    claim: "inside, a model without positions is worse than one with learned ones",
    value: (_result, { none, learned }) => none!.inside - learned!.inside,
    moreThan: 0,
    paper: "Haviv et al. 2022, Table 1: of words",
    reported: Math.log(20.97 / 20.42),
  },
];

/** What is lost at twice the trained length. */
function rise({ twice, inside }: Figures): number {
  return twice - inside;
}
