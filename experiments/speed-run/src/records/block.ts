import type { Record } from "../record.ts";
import { muon } from "./muon.ts";

/** Hoffmann et al. 2022, arXiv:2203.15556: for little computation, few parameters that see more text learn more. */
export const block: Record = {
  ...muon,
  idea: "one Transformer block instead of four",
  steps: 660,
  model: { ...muon.model, layers: 1 },
};
