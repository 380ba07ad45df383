export { useFastest } from "./backends/use-fastest.ts";
export type { BackendChoice } from "./backends/choose-backend.ts";
export type { BackendOptions } from "./backends/create-backend.ts";
export { checkExperiment } from "./check/check-experiment.ts";
export type { Outcome } from "./check/outcome.ts";
export { CheckpointError, hasCheckpoint, loadCheckpoint, loadParts, saveCheckpoint, type Parts } from "./checkpoint.ts";
export { compareRuns, writeComparison, type CompareOptions, type RunComparison } from "./compare/compare.ts";
export type { RunGroup } from "./compare/groups.ts";
export type { Judgement } from "./compare/significance.ts";
export { diffRuns, type NamedDifference, type RunDifference } from "./diff/diff-runs.ts";
export { Diagnosis, type DiagnosisOptions, type Observation } from "./diagnose/diagnosis.ts";
export type { Finding, FindingKind } from "./diagnose/finding.ts";
export { HistogramLog, type Histogram, type HistogramLogOptions } from "./diagnose/histogram-log.ts";
export type { Claim, Result } from "./experiment/claim.ts";
export { DivergedError } from "./experiment/diverged.ts";
export {
  experiment,
  isExperiment,
  type Experiment,
  type ExperimentDefinition,
  type RunContext,
  type SettingsShape,
  type ValuesOf,
} from "./experiment/experiment.ts";
export { runExperiment, type Run, type RunOptions } from "./experiment/run-experiment.ts";
export type { Verbosity } from "./experiment/run-output.ts";
export type { Steps, StepsOptions } from "./experiment/training-loop.ts";
export { exportRuns, type ExportOptions, type Format } from "./export/export-runs.ts";
export { Interrupt, InterruptedError } from "./interrupt.ts";
export { JsonLines } from "./json-lines.ts";
export { drawLossCurve } from "./loss-curve.ts";
export { MetricsLog, type Metrics } from "./metrics.ts";
export { inOwnProcess, ProcessError } from "./own-process.ts";
export { peakMemory } from "./peak-memory.ts";
export { svgOf } from "./picture.ts";
export { writeProfilePage } from "./profile/flame-page.ts";
export type { Profile, ProfiledKernel, StepParts } from "./profile/profile.ts";
export { profileExperiment, ProfileError, type ProfileOptions } from "./profile/profile-experiment.ts";
export { profileTable } from "./profile/profile-table.ts";
export { duration, Progress, type Facts, type ProgressOutput } from "./progress.ts";
export { writeReport } from "./report/report.ts";
export { createRunFolder, readJson, RunError, writeJson, writeText } from "./run-folder.ts";
export {
  describeSettings,
  parseSettings,
  UsageError,
  type Setting,
  type SettingsDefinition,
  type SettingsOf,
  type SettingValue,
} from "./settings.ts";
export type { Part, State, Stateful } from "./stateful.ts";
export { CheckpointAverage } from "./trainer/checkpoint-average.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "./trainer/early-stopping.ts";
export { evaluation, type EvaluationOptions, type EvaluatorOptions } from "./trainer/evaluation.ts";
export { ExponentialMovingAverage } from "./trainer/exponential-moving-average.ts";
export { GradientAccumulation } from "./trainer/gradient-accumulation.ts";
export { moduleGroups } from "./trainer/module-groups.ts";
export { watch, WatchError, type Watching, type WatchOptions } from "./watch/server.ts";
