export { asha, rungShares, type AshaOptions } from "./asha.ts";
export { importance, type Outcome } from "./importance.ts";
export { randomSearch, type SearchOptions } from "./random-search.ts";
export type { Job, Measurement, Search, Trial } from "./search.ts";
export { drawPoint, type Dimension, type Point, type Space, type Value } from "./space.ts";
export { tpe, type TpeOptions } from "./tpe.ts";
