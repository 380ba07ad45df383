import { RandomKey } from "@ansatz/core";
import { isModule } from "@ansatz/core/plugin";
import type { Parts } from "../checkpoint.ts";
import type { Ranks } from "./ranks.ts";

/** The folds of a stream's key by which the other ranks' keys differ: beyond those of its own draws. */
const streamsOfRanks = 2 ** 32;

/**
 * Gives the modules of this process random streams of their own, so that each share of a batch has its own dropout.
 *
 * Those of rank 0 stay as they are. It writes the checkpoints, which therefore do not depend on the number of ranks.
 */
export function divideStreams({ communicator: { rank } }: Ranks, parts: Parts): void {
  if (rank === 0) return;
  for (const part of Object.values(parts)) {
    if (!isModule(part)) continue;
    for (const stream of part.namedStreams().values()) {
      const { key, counter } = stream.state;
      const own = new RandomKey(() => key).fold(rank * streamsOfRanks);
      stream.load({ key: own.words(), counter });
    }
  }
}
