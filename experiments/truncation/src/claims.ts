import type { Claim } from "@ansatz/lab";

export type Figures = {
  /** Nats for each unseen character. */
  readonly loss: number;
  /** The memory of a window beyond that of a window of 1. */
  readonly additionalMiB: number;
  readonly microsecondsPerCharacter: number;
};

export const claims: readonly Claim<Figures>[] = [
  {
    claim: "gradients that go back 64 steps gain on those that stay in one step, in nats",
    value: (result, { window1 }) => window1!.loss - result.loss,
    moreThan: 0,
    paper: "Mikolov et al. 2011, Section 3",
  },
  {
    claim: "few steps suffice: 8 of them bring more than half of that gain, in nats beyond the half",
    value: (result, { window1, window8 }) => (window1!.loss + result.loss) / 2 - window8!.loss,
    moreThan: 0,
    paper: "Mikolov et al. 2011, Section 3: about five steps, of words",
  },
  {
    claim: "a carried state reaches farther than gradients: without it, windows of 16 lose",
    value: (_result, { window16, notCarried16 }) => notCarried16!.loss - window16!.loss,
    moreThan: 0,
    paper: "Williams & Peng 1990",
  },
  {
    claim: "memory grows with the window: its exponent from 16 to 64",
    value: (result, { window16 }) => Math.log(result.additionalMiB / window16!.additionalMiB) / Math.log(4),
    atLeast: 0.85,
    atMost: 1.15,
    paper: "Williams & Peng 1990, Table 1",
    reported: 1,
  },
  {
    claim: "time for each character does not: at 64 at most a quarter more than at 16",
    value: (result, { window16 }) => result.microsecondsPerCharacter / window16!.microsecondsPerCharacter,
    atMost: 1.25,
    paper: "Williams & Peng 1990, Table 1: of windows that do not overlap",
    reported: 1,
  },
];
