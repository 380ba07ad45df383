import type { Claim, Result } from "@ansatz/lab";

/** An error of 0.04 counts as right in Hochreiter & Schmidhuber 1997, whose answers are halves of these sums. */
const criterion = 0.08;

const arjovsky = "Arjovsky et al. 2015";

/** A claim that one cell has a lower loss than another in the same task, in its unit. */
function gains(claim: string, better: string, worse: string, paper: string): Claim {
  return {
    claim,
    value: (main, baselines) => {
      const of = (name: string) => (name === "lstmAdding" ? main : baselines[name]!)["loss"]!;
      return of(worse) - of(better);
    },
    moreThan: 0,
    paper,
  };
}

export const claims: readonly Claim<Result>[] = [
  {
    claim: "an LSTM adds: the root of its mean squared error, which is 0.41 for whoever always answers 1",
    value: (result) => Math.sqrt(result["loss"]!),
    lessThan: criterion,
    paper: "Hochreiter & Schmidhuber 1997, Section 5.4",
  },
  {
    claim: "so does a GRU",
    value: (_result, { gruAdding }) => Math.sqrt(gruAdding!["loss"]!),
    lessThan: criterion,
  },
  gains("an LSTM errs less in adding than a tanh network", "lstmAdding", "rnnAdding", `${arjovsky}, Section 4.2`),
  {
    claim: "in copying an LSTM does better than without memory: its loss over 10 ln 8 / (delay + 20)",
    value: (_result, { lstmCopying }) => lstmCopying!["overBaseline"]!,
    lessThan: 1,
    paper: `${arjovsky}, Section 4.1`,
  },
  gains("and better than a tanh network", "lstmCopying", "rnnCopying", `${arjovsky}, Section 4.1`),
  gains("of text an LSTM learns more than a tanh network, in nats", "lstmText", "rnnText", "Jozefowicz et al. 2015"),
  gains("so does a GRU", "gruText", "rnnText", "Chung et al. 2014, Section 5"),
  {
    claim: "of text a GRU learns as much as an LSTM, within 0.05 nats",
    value: (_result, { lstmText, gruText }) => gruText!["loss"]! - lstmText!["loss"]!,
    atLeast: -0.05,
    atMost: 0.05,
    paper: "Chung et al. 2014, Section 6",
  },
  {
    claim: "so does an LSTM with peepholes",
    value: (_result, { lstmText, peepholeText }) => peepholeText!["loss"]! - lstmText!["loss"]!,
    atLeast: -0.05,
    atMost: 0.05,
    paper: "Greff et al. 2015, arXiv:1503.04069, Section V",
  },
];
