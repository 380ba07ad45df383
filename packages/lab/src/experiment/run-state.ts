/** How a run stands: "unknown" if its folder does not say. */
export type RunState = "running" | "ended" | "interrupted" | "failed" | "unknown";
