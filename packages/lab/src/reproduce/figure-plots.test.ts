import { expect, test } from "vitest";
import { linePlot, type PlotLine } from "../line-plot.ts";
import { svgOf } from "../picture.ts";
import { inLight, seriesColor } from "../view/theme.ts";
import { figurePlots, type FigurePlot, type MeasuredVariant } from "./figure-plots.ts";

const variant = (name: string, settings: MeasuredVariant["settings"], ...losses: readonly number[]) => ({
  ...{ name, settings, results: losses.map((loss) => ({ loss, bytes: 10 * Number(settings["window"]) })) },
});
const variants = [
  variant("main", { window: 64, carried: true }, 1, 2, 3),
  variant("w1", { window: 1, carried: true }, 5, 5, 5),
  variant("w8", { window: 8, carried: true }, 3, 4, 5),
  variant("cut", { window: 8, carried: false }, 7, 8, 9),
];
const drawn = (plot: FigurePlot, of = variants) =>
  svgOf({ vconcat: figurePlots([plot], of), resolve: { scale: { color: "independent" } } });
/** What the points of a plot say: "window: 8; mean: 4; …". */
const points = (picture: string) =>
  [...picture.matchAll(/aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="point"/g)].map(([, a]) => a!);

test("against a setting, variants that differ in nothing else are a line of means with their intervals", async () => {
  const picture = await drawn({ x: "window", y: ["loss"], logarithmic: true });
  for (const text of ["window", "loss", "carried true", "carried false"]) expect(picture).toContain(`>${text}<`);
  const at = points(picture);
  expect(at.map((text) => /window: (\d+)/.exec(text)?.[1])).toEqual(["1", "8", "64", "8"]);
  expect(picture).toContain("log scale");
  // Student's t for two degrees of freedom: 2 ± 4.303 · 1 / √3
  expect(picture).toMatch(/window: 64; low: −0\.48\d*; [^"]*high: 4\.48/);
});

test("against a figure, each variant is a point with its name; more than ten of them share a plot", async () => {
  const many = Array.from({ length: 12 }, (_, i) => variant(`rule ${i}`, { window: i + 1 }, i, i + 1));
  const picture = await drawn({ x: "bytes", y: ["loss"] }, many);
  expect(picture.match(/>bytes</g)).toHaveLength(1);
  for (let i = 0; i < 12; i++) expect(picture).toContain(`>rule ${i}<`);
});

test("one seed has no interval; what isn't finite has no point", async () => {
  const picture = await drawn({ x: "window", y: ["loss"] }, [
    variant("a", { window: 1 }, 3),
    variant("b", { window: 2 }, NaN),
    variant("c", { window: 3 }, 4),
  ]);
  expect(picture).not.toMatch(/NaN|Infinity/);
  expect(points(picture)).toHaveLength(2);
});

test("unknown figures and settings that are not numbers are refused", () => {
  const refused = (plot: FigurePlot) => () => figurePlots([plot], variants);
  expect(refused({ x: "window", y: ["lost"] })).toThrow(/name "lost", which is neither[^]*the figures are loss, bytes/);
  expect(refused({ x: "bites", y: ["loss"] })).toThrow(/name "bites", which is neither/);
  expect(refused({ x: "carried", y: ["loss"] })).toThrow(
    /against "carried", which is true\n {2}name a setting that is a/,
  );
});

test("lines without a value are left out, and the others keep their colours", async () => {
  const line = (name: string, ...means: readonly number[]) => ({
    name,
    points: means.map((mean, step) => ({ step, mean, low: mean, high: mean })),
  });
  const [first, ...rest] = ["a", "b", "c", "d"].map((name, i) => line(name, 1 + i / 1e4, 2 + i / 1e4));
  const drawnLines = async (lines: readonly PlotLine[]) => {
    const picture = await svgOf(linePlot(lines, { title: "loss", axis: "step" }));
    return { names: [...picture.matchAll(/>(?:a|b|c|d|none)</g)].map(([name]) => name.slice(1, -1)), picture };
  };
  const { names, picture } = await drawnLines([first!, line("none"), ...rest]);
  expect(names).toEqual(["a", "b", "c", "d"]); // a small plot for each
  expect(picture).toContain(`stroke="${inLight(seriesColor(4))}"`);
  expect(picture).not.toContain(`stroke="${inLight(seriesColor(1))}"`);
});
