import type { OpSamples } from "../sample.ts";
import { activations } from "./activation.ts";
import { binaryOps } from "./binary.ts";
import { convolutions } from "./convolution.ts";
import { creation } from "./creation.ts";
import { indexing } from "./indexing.ts";
import { layout } from "./layout.ts";
import { logic } from "./logic.ts";
import { normalization } from "./normalization.ts";
import { ordering } from "./ordering.ts";
import { products } from "./product.ts";
import { raggedProducts } from "./ragged-product.ts";
import { reductions } from "./reduction.ts";
import { unaryOps } from "./unary.ts";

/** The samples of every op, by family. A new op only needs an entry in the file of its family. */
export const samples: readonly OpSamples[] = [
  ...unaryOps,
  ...activations,
  ...binaryOps,
  ...logic,
  ...creation,
  ...reductions,
  ...products,
  ...raggedProducts,
  ...layout,
  ...indexing,
  ...ordering,
  ...normalization,
  ...convolutions,
];
