import { concat, type RandomKey } from "@ansatz/core";
import type { TokenBatch, TokenWindows } from "@ansatz/data";

/** Which sequences a step reads. */
export interface Reading {
  readonly step: number;
  readonly batch: number;
  /** The share of sequences that are replayed. */
  readonly share: number;
  readonly order: RandomKey;
  readonly replayed: RandomKey;
}

/** The sequences of a step: new ones, then a share of earlier ones. */
export function withReplay(
  own: TokenWindows,
  earlier: TokenWindows,
  { step, batch, share, order, replayed }: Reading,
): TokenBatch {
  const old = Math.round(share * batch);
  const latest = own.random(order, step, batch - old);
  if (old === 0) return latest;
  const before = earlier.random(replayed, step, old);
  return { input: concat([latest.input, before.input]), target: concat([latest.target, before.target]) };
}
