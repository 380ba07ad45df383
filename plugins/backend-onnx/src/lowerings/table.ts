import type { LoweringTable } from "../model/lowering.ts";
import { composites } from "./composites.ts";
import { convolutions } from "./convolution.ts";
import { dynamicSlices } from "./dynamic-slices.ts";
import { elementwise } from "./elementwise.ts";
import { gelus } from "./gelu.ts";
import { indexing } from "./indexing.ts";
import { matrices } from "./matmul.ts";
import { ordering } from "./ordering.ts";
import { raggedProducts } from "./ragged-matmul.ts";
import { reductions } from "./reductions.ts";
import { loops } from "./scan.ts";
import { selectAndCast } from "./select-and-cast.ts";
import { shapes } from "./shapes.ts";
import { sources } from "./sources.ts";

/** How each op becomes ONNX nodes. Each family of ops has its own file. */
export const lowerings: LoweringTable = {
  ...sources,
  ...elementwise,
  ...selectAndCast,
  ...reductions,
  ...matrices,
  ...raggedProducts,
  ...shapes,
  ...indexing,
  ...dynamicSlices,
  ...ordering,
  ...convolutions,
  ...loops,
  ...composites,
  ...gelus,
};
