import {
  broadcastTo,
  concat,
  expandDims,
  full,
  logSoftmax,
  Module,
  reshape,
  slice,
  squeeze,
  takeAlongAxis,
  type RandomStream,
  type Tensor,
} from "@ansatz/core";
import { TransformerLM } from "@ansatz/nn";
import { retrieverLogProbabilities } from "@ansatz/nn-retrieval";
import { sizes, vocabularySize } from "./facts.ts";
import { TextEncoder, type TextEncoderOptions } from "./text-encoder.ts";

/** Questions [batch, words] and what was found for them: passages [batch, k, words] with scores [batch, k]. */
export interface Found {
  readonly questions: Tensor;
  readonly passages: Tensor;
  readonly scores: Tensor;
}

const ask = 1; // after it, the answer begins

/** What gives questions and passages their vectors. */
export class Encoders extends Module {
  readonly questions: TextEncoder;
  readonly passages: TextEncoder;

  constructor(options: TextEncoderOptions) {
    super();
    [this.questions, this.passages] = [new TextEncoder(options), new TextEncoder(options)];
  }
}

/**
 * A Transformer that reads a passage and a question and says the answer, and the two encoders of a retriever, which
 * give the passages their probabilities. Without encoders, the scores of the search do.
 */
export class Answerer extends Module {
  readonly reader: TransformerLM;
  readonly encoders: Encoders | undefined;

  constructor(options: {
    readonly width: number;
    readonly layers: number;
    readonly encoders: boolean;
    readonly random: RandomStream;
  }) {
    super();
    const { width, layers, random } = options;
    const context = sizes.passage + sizes.question + sizes.answer;
    const parts = { vocabularySize, width, random };
    this.reader = new TransformerLM({ ...parts, layers, heads: 4, context, positions: "rotary", tiedEmbeddings: true });
    this.encoders = options.encoders ? new Encoders(parts) : undefined;
  }

  /** ln p(z|x) [batch, k]; with a retriever that is trained, its gradient reaches both encoders. */
  retrieval({ questions, passages, scores }: Found, trained: boolean): Tensor {
    if (!trained) return logSoftmax(scores);
    const [batch, k, words] = passages.shape as [number, number, number];
    const documents = this.encoders!.passages.forward(reshape(passages, [batch * k, words]));
    return retrieverLogProbabilities(this.encoders!.questions.forward(questions), reshape(documents, [batch, k, -1]));
  }

  /** ln p of every word at each place of the answers [batch, k, 2], of which the words before are read. */
  said({ questions, passages }: Pick<Found, "questions" | "passages">, answers: Tensor): Tensor {
    const [batch, k, words] = passages.shape as [number, number, number];
    const repeated = broadcastTo(expandDims(questions, 1), [batch, k, questions.shape[1]!]);
    const asking = full([batch, k, 1], ask, { dtype: "int32" });
    const read = concat([passages, repeated, asking, slice(answers, [null, null, [0, 1]])], 2);
    const logits = this.reader.forward(reshape(read, [batch * k, -1]));
    return reshape(logSoftmax(slice(logits, [null, [words + questions.shape[1]!, null]])), [batch, k, 2, -1]);
  }

  /** ln p(y_i|x, z, y_<i) of answers [batch, 2] by each passage: [batch, k, 2]. */
  tokens(found: Pick<Found, "questions" | "passages">, answers: Tensor): Tensor {
    const [batch, k] = found.passages.shape as [number, number];
    const repeated = broadcastTo(expandDims(answers, 1), [batch, k, sizes.answer]);
    return squeeze(takeAlongAxis(this.said(found, repeated), expandDims(repeated, -1), -1), -1);
  }
}
