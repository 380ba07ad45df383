import type { Claim } from "@ansatz/lab";
import type { Figures } from "./figures.ts";

const lewis = (place: string) => `Lewis et al. 2020, ${place}`;

export const claims: readonly Claim<Figures>[] = [
  {
    claim: "with a retriever that learns, 90 % of the facts that training never asked for are answered",
    value: (result) => result.neverAsked,
    atLeast: 0.9,
  },
  {
    claim: "a closed-book model answers at most 60 %, even of the facts that training did ask for",
    value: (_result, { closedBook }) => closedBook!.asked,
    atMost: 0.6,
  },
  {
    claim: "and at most 60 % of the others, whose statements it has learned",
    value: (_result, { closedBook }) => closedBook!.neverAsked,
    atMost: 0.6,
  },
  {
    claim: "nor does one that is asked five times as long answer more than 60 % of what it was asked",
    value: (_result, { closedBookLonger }) => closedBookLonger!.asked,
    atMost: 0.6,
  },
  {
    claim: "the closed-book model has at least as many parameters as the model with its retriever",
    value: (result, { closedBook }) => closedBook!.parameters / result.parameters,
    atLeast: 1,
    unvarying: "it follows from the settings",
  },
  {
    claim: "a retriever that learns is better than one that was only warmed up",
    value: (result, { warm }) => result.neverAsked - warm!.neverAsked,
    moreThan: 0,
    paper: lewis("Table 6"),
  },
  {
    claim: "better than a random one",
    value: (result, { random }) => result.neverAsked - random!.neverAsked,
    moreThan: 0,
  },
  {
    claim: "and better than BM25",
    value: (result, { words }) => result.neverAsked - words!.neverAsked,
    moreThan: 0,
    paper: lewis("Table 6"),
  },
  {
    claim: "70 % of the answers follow an index that was swapped for other facts, without training",
    value: (result) => result.followed,
    atLeast: 0.7,
    paper: lewis("Section 4.5"),
    reported: 0.7,
  },
  {
    claim: "and at most 5 % stay with the old facts",
    value: (result) => result.kept,
    atMost: 0.05,
    paper: lewis("Section 4.5"),
    reported: 0.04,
  },
  {
    claim: "for answers of one word, the losses of RAG-Sequence and RAG-Token agree within 0.0001 nats",
    value: (result) => result.apartForOneWord,
    atMost: 1e-4,
    unvarying: "they are the same sum",
    paper: lewis("Section 2.1"),
  },
  {
    claim: "for answers of two words, they don't",
    value: (result) => result.apartForTwoWords,
    moreThan: 1e-4,
    paper: lewis("Section 2.1"),
  },
];
