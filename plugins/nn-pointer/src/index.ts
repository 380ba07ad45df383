export type { Hypotheses } from "./beam-search.ts";
export { atMostOnce, eachOnce, type Allowed, type Constraint } from "./constraint.ts";
export { lstmEncoder, transformerEncoder, type ElementEncoder, type EncoderFactory } from "./encoders.ts";
export { fixedChoice, type FixedChoiceOptions } from "./fixed-choice.ts";
export type { ChoiceFactory, ChoiceLayer, ChoiceOptions } from "./pointer.ts";
export { PointerNetwork } from "./pointer-network.ts";
export type { DecodingOptions, PointerNetworkOptions, PointingOptions } from "./pointer-network.ts";
