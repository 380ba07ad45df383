import { threefry2x32 } from "@ansatz/core/plugin";

/** A number in [0, 1) that depends on a seed, one of its streams, a draw, and a place in the draw. */
export function uniformAt(seed: number, stream: number, draw: number, place: number): number {
  const [high, low] = threefry2x32(seed, stream, draw, place);
  return (high * 2 ** 21 + (low >>> 11)) / 2 ** 53;
}
