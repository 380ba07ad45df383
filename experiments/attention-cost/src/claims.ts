import type { Claim, Result } from "@ansatz/lab";

const counted = "it is counted in the compiled graph, which no seed changes";

/** A claim that the memory of an attention grows with the length. */
function linear(what: string, paper: string, value: Claim["value"]): Claim {
  return {
    claim: `the memory of ${what} grows with the length: its exponent`,
    value,
    atMost: 1.1,
    unvarying: counted,
    paper,
    reported: 1,
  };
}

/** A claim that the time of an attention grows with the length. */
function linearInTime(name: string, what: string, paper: string): Claim {
  return {
    claim: `so does the time of ${what}: its exponent`,
    value: (_result, baselines) => baselines[name]!.timeSlope!,
    atMost: 1.25,
    paper,
    reported: 1,
  };
}

const efficient = [
  ["linformer", "Linformer", "Wang et al. 2020, Section 4"],
  ["performer", "Performer", "Choromanski et al. 2020, Section 2.2"],
  ["local", "local windows", "Beltagy et al. 2020, Section 3.1"],
  ["linear", "linear attention", "Katharopoulos et al. 2020, Section 3.2"],
  ["mamba2", "Mamba-2", "Dao & Gu 2024, Section 6"],
  ["gatedDeltaNet", "the gated delta rule", "Yang et al. 2024, Section 3.3"],
] as const;

const dao = "Dao et al. 2022, Section 4.3";

export const claims: readonly Claim<Result>[] = [
  {
    claim: "the memory of exact attention grows with the square of the length: its exponent",
    value: (_result, { exact }) => exact!.plannedSlope!,
    atLeast: 1.9,
    unvarying: counted,
    paper: dao,
    reported: 2,
  },
  linear("exact attention in blocks", dao, (result) => result.plannedSlope!),
  ...efficient.map(([name, what, paper]) => linear(what, paper, (_result, others) => others[name]!.plannedSlope!)),
  {
    claim: "in blocks, the memory of a process grows so, too: its exponent",
    value: (result) => result.residentSlope!,
    atMost: 1.1,
    paper: dao,
    reported: 1,
  },
  {
    claim: "without blocks, a process needs at least ten times the memory at the longest length",
    value: (result, { exact }) => exact!.residentMiB! / result.residentMiB!,
    atLeast: 10,
    paper: `${dao}: up to`,
    reported: 20,
  },
  {
    claim: "in blocks the result is that of exact attention, within rounding: log₁₀ of the error",
    value: (result) => Math.log10(result.error! + 1e-12),
    atMost: -5,
    unvarying: "it is the same bit for bit",
    paper: "Dao et al. 2022, Theorem 1",
  },
  {
    claim: "the time of exact attention grows with the square of the length: its exponent",
    value: (_result, { exact }) => exact!.timeSlope!,
    atLeast: 1.75,
  },
  ...efficient.map(([name, what, paper]) => linearInTime(name, what, paper)),
  {
    claim: "four times the random features halve Performer's error",
    value: (_result, { performer, performerOf256 }) => performer!.error! / performerOf256!.error!,
    atLeast: 1.6,
    atMost: 2.5,
    paper: "Choromanski et al. 2020, Lemma 2: of the kernel",
    reported: 2,
  },
  {
    claim: "orthogonal features have a smaller error than independent ones: by this share",
    value: (_result, { performer, performerIndependent }) => 1 - performer!.error! / performerIndependent!.error!,
    moreThan: 0,
    paper: "Choromanski et al. 2020, Theorem 2",
  },
];
