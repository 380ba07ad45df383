export type { BeamSearchOptions, Hypotheses } from "./beam-search.ts";
export { atMostOnce, eachOnce, type Allowed, type Constraint } from "./constraint.ts";
export { lstmEncoder, transformerEncoder, type ElementEncoder, type EncoderFactory } from "./encoders.ts";
export type { PlaceDecoderOptions, PlaceOptions } from "./place-decoder.ts";
export { PointerNetwork, type PointerNetworkOptions } from "./pointer-network.ts";
export { SequenceToSequence, type SequenceToSequenceOptions } from "./sequence-to-sequence.ts";
