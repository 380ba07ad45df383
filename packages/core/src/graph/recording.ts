import { warnOnce } from "../contract/errors.ts";
import type { Tensor } from "./tensor.ts";

/** How many realisations may pass before an unread, ever-growing graph is worth a warning. */
const unreadLimit = 1_000;
/** How many nodes may be recorded without any realisation before it is worth a warning. */
const recordedLimit = 2_000_000;

let realisations = 0;
let recorded = 0;

/** The number of realisations so far. */
export function epoch(): number {
  return realisations;
}

/** Called at each realisation. */
export function advanceEpoch(): void {
  realisations++;
  recorded = 0;
}

/** Called for each new node: warns, once, of a graph that grows and is never read. */
export function noteRecorded(tensor: Tensor): void {
  recorded++;
  if (recorded > recordedLimit) {
    warnOnce(
      "unread",
      `${recorded} operations were recorded and none was realised; ` +
        "call `await realize(...)` once a step, or read a result with `await x.data()`",
    );
  }
  if (realisations - tensor.node.born > unreadLimit) {
    warnOnce(
      "growing",
      `a graph that ends in ${tensor.toString()} has grown over ${unreadLimit} realisations without being read; ` +
        "realise it each step with `await realize(loss, total)`, or add up numbers read with `await x.item()`",
    );
  }
}
