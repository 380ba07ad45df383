import {
  checkpoint,
  compile,
  concat,
  grad,
  mean,
  normal,
  RandomStream,
  reshape,
  scan,
  slice,
  square,
  zeros,
  type Tensor,
} from "@ansatz/core";
import { LSTM } from "@ansatz/nn";

export interface BPTTOptions {
  /** The length is the square of this. */
  readonly root: number;
  readonly hidden: number;
  readonly batch: number;
  readonly seed: number;
  /** Whether only the state of every √length-th step is kept, and all others are computed again. */
  readonly checkpointed: boolean;
}

/** A loss on the last state of an LSTM, and its gradients through every step. */
export function bptt({
  root,
  hidden,
  batch,
  seed,
  checkpointed,
}: BPTTOptions): () => Promise<{ readonly loss: number; readonly gradients: readonly Float32Array[] }> {
  const random = new RandomStream(seed);
  const layer = new LSTM(1, hidden, { random });
  const x = normal(random.next(), [root, root, batch, 1]); // √length stretches of √length steps
  const part = (state: Tensor, i: number): Tensor => slice(state, [[i, i + 1]]);
  /** Hidden state and cell, [2, batch, hidden], after some more steps. */
  const advance = (state: Tensor, steps: Tensor): Tensor => {
    const [, last] = layer.forward(steps, { hidden: part(state, 0), cell: part(state, 1) });
    return concat([last.hidden, last.cell]);
  };
  const start = zeros([2, batch, hidden]);
  const again = checkpoint(advance as (...inputs: Tensor[]) => Tensor);
  const step = compile(() => {
    const end = checkpointed
      ? scan((state, steps) => [again(state, steps), []], start, x)[0]
      : advance(start, reshape(x, [root * root, batch, 1]));
    const loss = mean(square(part(end, 0)));
    return { loss, gradients: grad(loss, layer.parameters()) };
  });
  return async () => {
    const { loss, gradients } = await step();
    return {
      loss: await loss.item(),
      gradients: await Promise.all(gradients.map((gradient) => gradient.data("float32"))),
    };
  };
}
