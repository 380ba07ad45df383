export { CheckpointError, hasCheckpoint, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
export { Interrupt, InterruptedError } from "./interrupt.ts";
export { drawLossCurve } from "./loss-curve.ts";
export { MetricsLog, type Metrics } from "./metrics.ts";
export { duration, Progress, type Facts } from "./progress.ts";
export { createRunFolder, readJson, RunError, writeJson, writeText } from "./run-folder.ts";
export { describeSettings, parseSettings, type Setting, type SettingsDefinition, type SettingsOf } from "./settings.ts";
export { writeReport } from "./report/report.ts";
