import type { Claim, Result } from "@ansatz/lab";

const shazeer = "Shazeer 2020, Table 1: of word pieces";

/** log-perplexities of Shazeer 2020, Table 1, after 65,536 steps. */
const ofShazeer = { relu: 1.997, gelu: 1.983, swiglu: 1.944 };

export const claims: readonly Claim<Result>[] = [
  {
    claim: "at ten times the rate that suits ReLU, 40 % of its units or more are dead in the end",
    value: (result) => result["deadAtTenfold"]!,
    atLeast: 0.4,
    paper: "Karpathy 2015, notes of CS231n: as much as",
    reported: 0.4,
  },
  {
    claim: "that is more than at the rate that suits it",
    value: (result) => result["deadAtTenfold"]! - result["dead"]!,
    moreThan: 0,
  },
  {
    claim: "if biases start at −0.25, more units are dead in the end, at the rate that suits it",
    value: (result, { negativeBias }) => negativeBias!["dead"]! - result["dead"]!,
    moreThan: 0,
  },
  {
    claim: "at ten times its rate, leaky ReLU has a lower loss than ReLU at ten times its own",
    value: (result, { leakyRelu }) => result["validationLossAtTenfold"]! - leakyRelu!["validationLossAtTenfold"]!,
    moreThan: 0,
    paper: "Maas et al. 2013",
  },
  {
    claim: "at their best rates leaky ReLU reads as many digits as ReLU, within 1 %",
    value: (result, { leakyRelu }) => leakyRelu!["accuracy"]! - result["accuracy"]!,
    atLeast: -0.01,
    atMost: 0.01,
    paper: "Maas et al. 2013: of words in speech",
    reported: 0,
  },
  {
    claim: "GELU reads digits with a lower loss than ReLU",
    value: (result, { gelu }) => result["validationLoss"]! - gelu!["validationLoss"]!,
    moreThan: 0,
    paper: "Hendrycks & Gimpel 2016, Section 3.1",
  },
  {
    claim: "in a Transformer GELU gains on ReLU, in nats",
    value: (_result, { textRelu, textGelu }) => textRelu!["validationLoss"]! - textGelu!["validationLoss"]!,
    moreThan: 0,
    paper: shazeer,
    reported: ofShazeer.relu - ofShazeer.gelu,
  },
  {
    claim: "SwiGLU gains on ReLU",
    value: (_result, { textRelu, textSwiglu }) => textRelu!["validationLoss"]! - textSwiglu!["validationLoss"]!,
    moreThan: 0,
    paper: shazeer,
    reported: ofShazeer.relu - ofShazeer.swiglu,
  },
  {
    claim: "SwiGLU gains on GELU",
    value: (_result, { textGelu, textSwiglu }) => textGelu!["validationLoss"]! - textSwiglu!["validationLoss"]!,
    moreThan: 0,
    paper: shazeer,
    reported: ofShazeer.gelu - ofShazeer.swiglu,
  },
];
