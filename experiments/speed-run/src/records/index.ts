import { block } from "./block.ts";
import { momentum } from "./momentum.ts";
import { muon } from "./muon.ts";
import { recipe } from "./recipe.ts";
import { rotary } from "./rotary.ts";
import { shift } from "./shift.ts";

/** All records in the order in which they were set. Each is the one before with one idea more. */
export const records = { recipe, rotary, muon, block, shift, momentum } as const;
