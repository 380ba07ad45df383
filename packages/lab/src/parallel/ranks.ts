import { alone, type Communicator } from "@ansatz/core";

/** The processes of one run. That of rank 0 leads: it alone writes, and the others do as it says. */
export class Ranks {
  readonly communicator: Communicator;
  readonly leads: boolean;

  constructor(communicator: Communicator = alone) {
    this.communicator = communicator;
    this.leads = communicator.rank === 0;
  }

  get size(): number {
    return this.communicator.size;
  }

  /** Whether each of these holds in any process. All processes ask at the same time, about as many. */
  async agree(...holds: readonly boolean[]): Promise<boolean[]> {
    const counts = Float64Array.from(holds, Number);
    await this.communicator.sum(counts);
    return Array.from(counts, (count) => count > 0);
  }

  /** A value of the leader's, as JSON holds it. What the others give is ignored. */
  async share<Value>(value: Value): Promise<Value> {
    if (this.size === 1) return value;
    const text = this.leads ? new TextEncoder().encode(JSON.stringify(value)) : new Uint8Array();
    const length = new Float64Array([text.length]);
    await this.communicator.broadcast(length);
    const bytes = this.leads ? text : new Uint8Array(length[0]!);
    await this.shareBytes(bytes);
    return JSON.parse(new TextDecoder().decode(bytes)) as Value;
  }

  /** Replaces bytes by those of the leader, which are as many. */
  async shareBytes(bytes: Uint8Array): Promise<void> {
    const whole = new Uint8Array(4 * Math.ceil(bytes.length / 4)); // a communicator moves numbers of four bytes
    whole.set(bytes);
    await this.communicator.broadcast(new Float32Array(whole.buffer));
    bytes.set(whole.subarray(0, bytes.length));
  }
}
