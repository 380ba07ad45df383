import type { SettingsDefinition } from "../settings.ts";

/** The setting that every experiment has. */
export const seedSetting = { default: 1, description: "of all that is random", whole: true, least: 0 } as const;

/** What `ansatz run` takes besides an experiment's settings. */
export const runOptions = {
  resume: { default: "", description: "the folder of a run, which goes on where it stopped" },
  runs: { default: "runs", description: "where the folders of runs are" },
  folder: { default: "", description: "the folder of this run: made when absent, gone on with when it was stopped" },
  backend: {
    default: "",
    description:
      "what computes: onnx, tfjs-node, wasm, cpu, or the name of a package; else what the experiment needs, what ANSATZ_BACKEND names, or the fastest",
  },
  threads: {
    default: 0,
    description: "how many threads the backend may use; 0 leaves it to the backend",
    whole: true,
    least: 0,
  },
  diagnose: {
    default: false,
    description:
      "watches for NaN, exploding and vanishing gradients, dead and saturated units, over-fitting and a stuck loss; takes about twice as long",
  },
  histograms: {
    default: 0,
    description: "how many steps lie between histograms of weights and gradients; 0 for none",
    whole: true,
    least: 0,
  },
  quick: { default: false, description: "a run of seconds, to see whether it works" },
  quiet: { default: false, description: "prints errors and the last line only" },
  json: { default: false, description: "prints each line of metrics as JSON, and nothing else" },
} as const satisfies SettingsDefinition;
