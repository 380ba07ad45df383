/** A text that a model wrote at a step: a line of `samples.jsonl`. */
export interface TextSample {
  readonly step: number;
  readonly text: string;
}
