import type { SettingsDefinition } from "../settings.ts";

/** The setting that every experiment has. */
export const seedSetting = { default: 1, description: "seed of everything random", whole: true, least: 0 } as const;

/** The options of `ansatz run` besides an experiment's settings. */
export const runOptions = {
  resume: { default: "", description: "folder of a stopped run, which is resumed" },
  trust: {
    default: false,
    description: "with --resume: run the experiment that the folder names, even if it is not of this workspace",
  },
  changedSource: { default: false, description: "resume although the source has changed since the run began" },
  checkpoint: {
    default: 0,
    description: "with --resume or --from: the step of the checkpoint to use; 0 for the newest",
    whole: true,
    least: 0,
  },
  keep: { default: 2, description: "checkpoints to keep: the last ones", whole: true, least: 1 },
  keepBest: {
    default: "",
    description: "metric, such as validationLoss: the checkpoint where it is lowest is kept, too; +accuracy: highest",
  },
  from: { default: "", description: "folder of another run, whose last checkpoint this one starts from" },
  fromParts: {
    default: "model",
    description: "with --from: the parts to take from there, separated by commas, such as model,optimizer,random",
  },
  stopAt: {
    default: 1,
    description: "share of its steps after which the run stops, saved, to be resumed: 0.25 for a quarter",
    least: 0,
    most: 1,
  },
  runs: { default: "runs", description: "folder that holds the folders of runs" },
  folder: { default: "", description: "folder of this run; created if absent, resumed if it was stopped" },
  backend: {
    default: "",
    description:
      "onnx, tfjs-node, wasm, cpu, or the name of a package; without it, the one that the experiment needs, " +
      "the one that ANSATZ_BACKEND names, or the fastest",
  },
  threads: {
    default: 0,
    description: "threads that the backend may use; 0 leaves the choice to the backend",
    whole: true,
    least: 0,
  },
  parallel: {
    default: false,
    description:
      "divide each batch among the processes that mpirun started, and the cores of a machine among those on it, " +
      "as in mpirun -np 4 ansatz run NAME --parallel",
  },
  diagnose: {
    default: false,
    description:
      "look for NaN, exploding and vanishing gradients, dead and saturated units, overfitting and a stuck loss; " +
      "takes about twice as long",
  },
  histograms: {
    default: 0,
    description: "steps between histograms of weights and gradients; 0 for none",
    whole: true,
    least: 0,
  },
  budget: {
    default: "",
    description: "time for the training loop, such as 30s, 5m or 2h: then the run ends with an evaluation, resumable",
  },
  quick: { default: false, description: "run for seconds only, to check that it works" },
  quiet: { default: false, description: "print only errors and the last line" },
  json: { default: false, description: "print each line of metrics as JSON, at the end a verdict, and nothing else" },
} as const satisfies SettingsDefinition;
