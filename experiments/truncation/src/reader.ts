import {
  buffer,
  Module,
  reshape,
  scan,
  stopGradient,
  transpose,
  zeros,
  zerosLike,
  type Cell,
  type Tensor,
} from "@ansatz/core";
import { LSTMLM, type LSTMLMOptions, type LSTMState } from "@ansatz/nn";

export interface ReaderOptions extends LSTMLMOptions {
  /** How many texts are read side by side. */
  readonly streams: number;
  /** How many steps gradients go back at most. It must divide the lengths that are read. */
  readonly window: number;
  /** Whether the state is carried from window to window, or starts at 0 in each. */
  readonly carried: boolean;
}

/**
 * An LSTM that reads texts piece by piece. Gradients stop between windows, while its state is carried on: truncated
 * backpropagation through time, Williams & Peng 1990. All windows of a piece are in one program, so that only the reach
 * of gradients depends on the window, and not what is computed.
 */
export class Reader extends Module {
  readonly model: LSTMLM;
  readonly hidden: Cell; // the state after the last piece  [layers, streams, width]
  readonly cell: Cell; // [layers, streams, width]
  readonly window: number;
  readonly carried: boolean;

  constructor({ streams, window, carried, ...options }: ReaderOptions) {
    super();
    this.model = new LSTMLM(options);
    const state = [options.layers, streams, options.width];
    this.hidden = buffer(zeros(state));
    this.cell = buffer(zeros(state));
    this.window = window;
    this.carried = carried;
  }

  /** The scores after each token of the next piece. */
  forward(tokens: Tensor): Tensor {
    // [streams, length] of int32 -> [streams, length, vocabulary]
    const [streams, length] = tokens.shape as [number, number];
    const { lstm, head } = this.model;
    const embedded = this.model.tokens.forward(transpose(tokens)); // [length, streams, width]
    const windows = reshape(embedded, [length / this.window, this.window, streams, -1]);
    const start: LSTMState = { hidden: this.hidden.read(), cell: this.cell.read() };
    const [last, outputs] = scan(
      (state, x) => {
        const before = Object.fromEntries(
          Object.entries(state).map(([part, value]) => [part, this.carried ? stopGradient(value) : zerosLike(value)]),
        ) as unknown as LSTMState;
        const [output, next] = lstm.forward(x as Tensor, before);
        return [next, output];
      },
      start,
      windows,
    );
    this.hidden.assign(stopGradient(last.hidden));
    this.cell.assign(stopGradient(last.cell));
    return head.forward(transpose(reshape(outputs as Tensor, [length, streams, -1]), [1, 0, 2]));
  }

  /** Forgets what was read. */
  restart(): void {
    this.hidden.assign(zerosLike(this.hidden.read()));
    this.cell.assign(zerosLike(this.cell.read()));
  }
}
