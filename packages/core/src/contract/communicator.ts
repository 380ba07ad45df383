/** The processes that compute each step together. Each has the whole model, and a share of every batch. */
export interface Communicator {
  readonly spec: 1;
  readonly name: string;
  /** The number of this process, from 0. */
  readonly rank: number;
  /** How many processes there are. */
  readonly size: number;
  /**
   * Replaces values by their sum over all processes, added in the order of the ranks: each process has the same bits.
   * All processes call it with as many values.
   */
  sum(values: Float32Array | Float64Array): Promise<void>;
  /** Replaces values by those of rank 0. All processes call it with as many values. */
  broadcast(values: Float32Array | Float64Array): Promise<void>;
}

/** The one process that is alone, for which nothing is to be done. */
export const alone: Communicator = {
  spec: 1,
  name: "one process",
  rank: 0,
  size: 1,
  sum: () => Promise.resolve(),
  broadcast: () => Promise.resolve(),
};

const communicators: Communicator[] = [];

/** The number that stands for a communicator in the attributes of an op. */
export function numberOfCommunicator(communicator: Communicator): number {
  const known = communicators.indexOf(communicator);
  return known < 0 ? communicators.push(communicator) - 1 : known;
}

/** The communicator with that number. */
export function communicatorWith(number: number): Communicator {
  return communicators[number]!;
}
