/**
 * How do memory, time and error of each attention grow with the length?
 *
 * Linformer, Wang et al. 2020, arXiv:2006.04768. Performer, Choromanski et al. 2020, arXiv:2009.14794. Windows, Beltagy
 * et al. 2020, arXiv:2004.05150. Linear attention, Katharopoulos et al. 2020, arXiv:2006.16236. Exact attention in
 * blocks, Dao et al. 2022, arXiv:2205.14135. Each step doubles the length; a figure's slope is its exponent, fitted to
 * the last three lengths.
 */
import { onnx } from "@ansatz/backend-onnx";
import { experiment } from "@ansatz/lab";
import { linearRegression } from "simple-statistics";
import { attentions } from "./layers.ts";
import { claims } from "./claims.ts";
import { measuredAlone, type Measured } from "./measured-alone.ts";
import { plannedMemory } from "./planned-memory.ts";

/** The figures of one length. */
interface Point extends Measured {
  readonly plannedMiB: number;
}

export default experiment({
  question: "How do memory, time and error of each attention grow with the length?",
  paper:
    "Wang et al. 2020, arXiv:2006.04768; Choromanski et al. 2020, arXiv:2009.14794; Beltagy et al. 2020, " +
    "arXiv:2004.05150; Katharopoulos et al. 2020, arXiv:2006.16236; Dao et al. 2022, arXiv:2205.14135",
  step: "doubling of the length",
  settings: {
    attention: {
      default: "blocked",
      description: "what mixes the positions; all but linformer are causal",
      choices: attentions,
    },
    shortest: { default: 256, description: "the length before any doubling", whole: true, least: 1 },
    doublings: { default: 5, description: "of the length", whole: true, least: 2 },
    width: { default: 32, description: "features of each position", whole: true, least: 1 },
    heads: { default: 2, description: "attention heads; they must divide the width", whole: true, least: 1 },
    block: { default: 256, description: "queries of a block", whole: true, least: 1 },
    projected: { default: 128, description: "positions of Linformer", whole: true, least: 1 },
    features: { default: 64, description: "random features of Performer", whole: true, least: 1 },
    orthogonal: { default: true, description: "whether Performer's features are orthogonal" },
    window: { default: 128, description: "of local attention", whole: true, least: 1 },
  },
  quick: { shortest: 32, doublings: 2, block: 16, projected: 8, window: 8 },
  backend: "onnx",
  baselines: {
    exact: { attention: "exact" },
    linformer: { attention: "linformer" },
    performer: { attention: "performer" },
    performerOf256: { attention: "performer", features: 256 },
    performerIndependent: { attention: "performer", orthogonal: false },
    local: { attention: "local" },
    linear: { attention: "linear" },
    mamba2: { attention: "mamba2" },
    gatedDeltaNet: { attention: "gatedDeltaNet" },
  },
  seeds: 5,

  async run({ settings, steps, log, interrupt }) {
    const backend = await onnx();
    const known = new Map<number, Point>();
    const at = async (doubling: number): Promise<Point> => {
      interrupt.check();
      const options = { ...settings, length: settings.shortest * 2 ** doubling };
      const point = known.get(doubling) ?? {
        plannedMiB: plannedMemory(options, backend),
        ...(await measuredAlone(options)),
      };
      known.set(doubling, point);
      return point;
    };
    /** The same, with the memory of the process beyond that at the shortest length. */
    const beyond = async (doubling: number): Promise<Point> => {
      const point = await at(doubling);
      return { ...point, residentMiB: point.residentMiB - (await at(0)).residentMiB };
    };
    for await (const doubling of steps(settings.doublings, {})) await log({ ...(await beyond(doubling)) });

    const last = Math.min(3, settings.doublings);
    const doublings = Array.from({ length: last }, (_, i) => settings.doublings - last + 1 + i);
    const points = await Promise.all(doublings.map(beyond)); // all of them are known
    const slope = (figure: "plannedMiB" | "residentMiB" | "seconds"): number =>
      linearRegression(points.map((point, i) => [doublings[i]!, Math.log2(point[figure])])).m;
    return {
      ...points.at(-1)!,
      plannedSlope: slope("plannedMiB"),
      residentSlope: slope("residentMiB"),
      timeSlope: slope("seconds"),
    };
  },

  claims,
});
