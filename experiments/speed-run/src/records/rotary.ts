import type { Record } from "../record.ts";
import { recipe } from "./recipe.ts";

/** Su et al. 2021, arXiv:2104.09864. */
export const rotary: Record = {
  ...recipe,
  idea: "rotary positions instead of learned ones",
  steps: 1_150,
  model: { ...recipe.model, positions: "rotary" },
};
