import { svgOf } from "@ansatz/lab";
import type { Figures } from "./claims.ts";

/** The figures of one seed, of the experiment itself and of each of its baselines, as results.json has them. */
export interface SeedFigures {
  readonly result: Figures;
  readonly baselines: Readonly<Record<string, Figures>>;
}

/** The window of each variant with a carried state. */
export type Windows = Readonly<Record<string, number>>;

const titles: Readonly<Record<keyof Figures, string>> = {
  loss: "loss, in nats",
  additionalMiB: "additional MiB",
  microsecondsPerCharacter: "µs for each character",
};

/** Loss, memory and time against the window: a point for each seed, and a line through their means. */
export async function pictureOf(seeds: readonly SeedFigures[], windows: Windows): Promise<string> {
  const values = seeds.flatMap(({ result, baselines }) =>
    Object.entries(windows).map(([variant, window]) => ({ window, ...(baselines[variant] ?? result) })),
  );
  const plots = Object.entries(titles).map(([figure, title]) => {
    const x = {
      field: "window",
      type: "quantitative",
      title: "window, in steps",
      scale: { type: "log", base: 2 },
    } as const;
    const y = { field: figure, type: "quantitative", title, scale: { zero: figure !== "loss" } } as const;
    return {
      width: 240,
      height: 200,
      layer: [
        { mark: { type: "point", filled: true, opacity: 0.4 } as const, encoding: { x, y } },
        { mark: "line" as const, encoding: { x, y: { ...y, aggregate: "mean" as const } } },
      ],
    };
  });
  return svgOf({ data: { values }, hconcat: plots });
}
