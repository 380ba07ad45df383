import type { Record } from "../record.ts";
import { muonAndAdamw } from "./muon.ts";
import { shift } from "./shift.ts";

/** Momentum that averages over five steps instead of twenty bears higher rates. */
export const momentum: Record = {
  ...shift,
  idea: "less momentum, which bears higher rates",
  steps: 350,
  optimizer: muonAndAdamw({ rate: 0.03, others: 8e-3, momentum: 0.8 }),
};
