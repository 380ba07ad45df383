import { ArgumentError, tensor } from "@ansatz/core";
import type { TokenBatch } from "@ansatz/data";

/**
 * A text as several streams that are read side by side, `length` tokens at a time: each piece begins where the one
 * before it ended, so that a state can be carried along.
 *
 * @throws ArgumentError if the text is too short for one piece
 */
export class Streams {
  readonly tokens: Int32Array;
  readonly streams: number;
  readonly length: number;
  /** The number of pieces. */
  readonly count: number;

  constructor(tokens: Int32Array, streams: number, length: number) {
    this.tokens = tokens;
    this.streams = streams;
    this.length = length;
    this.count = Math.floor((tokens.length - 1) / streams / length);
    if (this.count < 1)
      throw new ArgumentError(
        `Streams: ${tokens.length} tokens do not fill ${streams} streams of ${length}\n` +
          "  use a longer text, fewer streams or shorter pieces",
      );
  }

  /** Piece number `index`, from 0 on; after the last one comes the first again. Each part is [streams, length]. */
  at(index: number): TokenBatch {
    const { streams, length } = this;
    const from = (index % this.count) * length;
    const shape = [streams, length];
    const [input, target] = [new Int32Array(streams * length), new Int32Array(streams * length)];
    for (let stream = 0; stream < streams; stream++) {
      const start = stream * this.count * length + from;
      input.set(this.tokens.subarray(start, start + length), stream * length);
      target.set(this.tokens.subarray(start + 1, start + 1 + length), stream * length);
    }
    return { input: tensor(input, { shape }), target: tensor(target, { shape }) };
  }
}
