import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { use } from "@ansatz/core";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { backendFor } from "../backends/experiment-backend.ts";
import type { FoundExperiment } from "../experiment/find-experiment.ts";
import { judge, type SeedResults, type Verdict } from "./judge.ts";
import type { Provenance } from "../experiment/provenance.ts";
import { reproduce } from "./reproduce.ts";
import { titleOf, planRuns } from "./reproduction.ts";
import { showInterval } from "../view/format.ts";
import { indexPage, resultsPage } from "./results-page.ts";
import { drawResults } from "./results-picture.ts";
import small from "../testing/small-experiment.ts";
import { folders, readFrom } from "../experiment/testing.ts";

interface SavedResults {
  readonly code: Provenance;
  readonly runs: readonly { readonly variant: string; readonly seed: number }[];
  readonly seeds: readonly SeedResults[];
  readonly claims: readonly Verdict[];
}

const newFolder = folders();
beforeAll(() => use(cpu()));
beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => undefined));

/** The small experiment as its own package, with a count of its runs. */
function found(): { place: FoundExperiment; runs: string; ran: string[] } {
  const folder = join(newFolder(), "adding");
  mkdirSync(folder);
  cpSync(join(import.meta.dirname, "../testing/small-experiment.ts"), join(folder, "index.ts"));
  const ran: string[] = [];
  const experiment: typeof small = {
    ...small,
    run: (context) => {
      ran.push(`${context.settings["learningRate"]} ${context.settings.seed}`);
      return small.run(context);
    },
  };
  return { place: { name: "adding", folder, file: join(folder, "index.ts"), experiment }, runs: newFolder(), ran };
}

describe("reproducing", () => {
  test("runs every seed with every baseline, judges each claim, and writes the table and the plot", async () => {
    const { place, runs, ran } = found();
    const { folder, seeds, verdicts } = await reproduce(place, { runs, output: "quiet" });
    expect(ran).toEqual(["0.05 1", "0.000001 1", "0.05 2", "0.000001 2", "0.05 3", "0.000001 3"]);
    expect(readdirSync(folder).toSorted()).toEqual([
      "main-1",
      "main-2",
      "main-3",
      "reproduction.json",
      "slow-1",
      "slow-2",
      "slow-3",
    ]);
    expect(seeds.map(({ seed }) => seed)).toEqual([1, 2, 3]);
    expect(seeds[1]!.baselines["slow"]).toEqual(readFrom(folder, "slow-2/result.json"));
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(["held", "refuted"]);
    const page = readFileSync(join(place.folder, "RESULTS.md"), "utf8");
    expect(page).toMatch(/^\| it learns \| 0\.5 \(Section 1\) \| at most 1 \| 0\.\d+ ± 0\.\d+ \| 0\.\d+ \| held \|$/m);
    expect(page).toMatch(
      /^\| it learns more than with .* \| {2}\| at least 100 \| -?[\d.]+ ± [\d.]+ \| < 0\.0001 \| \*\*refuted\*\* \|$/m,
    );
    expect(page).toMatch(/^\| learningRate 0\.05 \|.*\n\| slow \|/m);
    const saved = readFrom(place.folder, "results.json") as never as SavedResults;
    expect(saved.runs.map(({ variant, seed }) => `${variant} ${seed}`)).toEqual([
      "main 1",
      "slow 1",
      "main 2",
      "slow 2",
      "main 3",
      "slow 3",
    ]);
    expect(Object.keys(saved.code.sources)).toEqual(["index.ts"]);
    // The verdicts can be computed again from the file, without a run.
    expect(judge(place.experiment.claims, saved.seeds)).toEqual(verdicts);
    expect(saved.claims.map(({ verdict, p }) => [verdict, p])).toEqual(verdicts.map(({ verdict, p }) => [verdict, p]));
    const picture = readFileSync(join(place.folder, "results.svg"), "utf8");
    for (const text of ["loss", "learningRate 0.05", "slow", "adding, 3 seeds"]) expect(picture).toContain(`>${text}<`);
    expect(picture).not.toMatch(/NaN|rowsPerSecond/);
  });

  test("labels the axis of the plot as the experiment says", async () => {
    const { place, runs } = found();
    await reproduce({ ...place, experiment: { ...place.experiment, step: "layer" } }, { runs, output: "quiet" });
    const picture = readFileSync(join(place.folder, "results.svg"), "utf8");
    expect(picture).toContain(">layer<");
    expect(picture).not.toContain(">step<");
  });

  const one = { name: "one", settings: {}, results: [] };

  /** A picture of variants whose losses end so far apart. */
  const drawnVariants = (count: number, apart: number) =>
    drawResults(
      Array.from({ length: count }, (_, i) => ({
        ...{ name: `variant ${i}`, settings: {}, results: [] },
        runs: [
          [
            { step: 1, loss: i * apart },
            { step: 2, loss: 0.5 + i * apart },
          ],
        ],
      })),
      { title: "many" },
    );
  const linesIn = (picture: string) => picture.match(/<path aria-label="step[^>]*stroke-width="1.5"[^>]*>/g)!;

  test("draws up to ten variants in different colours, each with its name beside its end", async () => {
    const picture = await drawnVariants(10, 1);
    const colours = linesIn(picture).map((line) => /stroke="(#\w+)"/.exec(line)![1]!);
    expect(new Set(colours).size).toBe(10);
    const places = Array.from({ length: 10 }, (_, i) =>
      Number(new RegExp(`translate\\(571,([\\d.]+)\\)"[^>]*>variant ${i}<`).exec(picture)?.[1]),
    );
    for (let i = 1; i < 10; i++) expect(places[i - 1]! - places[i]!, `variant ${i}`).toBeGreaterThanOrEqual(13 - 1e-6);
    expect(picture).not.toContain("symbol legend");
  });

  test("names beside lines that end at one place are moved apart, and stay in the plot", async () => {
    const picture = await drawnVariants(3, 0.001);
    const places = [...picture.matchAll(/translate\(571,([\d.]+)\)"[^>]*>variant \d</g)].map(([, y]) => Number(y));
    const sorted = places.toSorted((a, b) => a - b);
    expect(sorted).toHaveLength(3);
    for (let i = 1; i < 3; i++) expect(sorted[i]! - sorted[i - 1]!).toBeGreaterThanOrEqual(13 - 1e-6);
    expect(sorted[0]).toBeGreaterThanOrEqual(0);
    expect(sorted.at(-1)).toBeLessThanOrEqual(220);
  });

  test("calls the experiment itself as it says, or by what most baselines change, or by its name", () => {
    const { place } = found();
    const { experiment } = place;
    const named = (more: object) => titleOf("main", { name: "adding", experiment: { ...experiment, ...more } });
    expect(named({ variant: "fast" })).toBe("fast");
    expect(named({ baselines: { a: { steps: 3 }, b: { learningRate: 1 }, c: { learningRate: 2 } } })).toBe(
      `learningRate ${String(experiment.settings["learningRate"]!.default)}`,
    );
    expect(named({ baselines: {} })).toBe("adding");
    expect(titleOf("slow", place)).toBe("slow");
  });

  test.each([
    [4, 0.0001, true],
    [4, 1, false],
    [11, 1, true],
  ])("%i variants that are %d apart have small plots: %s", async (count, apart, small) => {
    const picture = await drawnVariants(count, apart);
    expect((picture.match(/>step</g) ?? []).length).toBe(small ? count : 1);
    expect(linesIn(picture)).toHaveLength(count);
  });

  test("marks where a seed is not finite", async () => {
    const runs = [[1, 2, 3].map((step) => ({ step, loss: step === 2 ? NaN : step }))];
    const picture = await drawResults([{ ...one, runs }], { title: "one" });
    expect(
      picture.match(/aria-roledescription="point"[^>]*aria-label="[^"]*step: 2;/g) ?? picture.match(/step: 2;/g),
    ).toHaveLength(1);
  });

  test("two decades have a logarithmic axis, and a figure that is never negative no band below 0", async () => {
    const runsOf = (...ends: readonly number[]) =>
      ends.map((end) => [
        { step: 1, loss: 1 },
        { step: 2, loss: end },
      ]);
    const drawn = (...ends: readonly number[]) => drawResults([{ ...one, runs: runsOf(...ends) }], { title: "one" });
    expect(await drawn(0.005, 0.006)).toContain("log scale");
    expect(await drawn(0.5, 0.6)).toContain("linear scale");
    const least = (picture: string) =>
      Number(/Y-axis[^"]*linear scale with values from ([−\d.]+)/.exec(picture)![1]!.replace("−", "-"));
    expect(least(await drawn(0, 0.3))).toBe(0); // the interval of 0 and 0.3 reaches to −1.8
    expect(least(await drawn(-0.1, 0.3))).toBeLessThan(-1);
  });

  test.for([
    ["", undefined, "onnx"],
    ["", "cpu", "cpu"],
    ["onnx", "cpu", "onnx"],
  ] as const)(
    "asked for the backend %j, where the experiment needs %j, it takes %s",
    async ([given, backend, taken]) => {
      expect(
        (await backendFor({ file: import.meta.filename, experiment: { ...small, backend } }, { asked: given })).backend
          .name,
      ).toBe(taken);
    },
  );

  test("resumes where it was stopped, and measures nothing twice", async () => {
    const { place, runs, ran } = found();
    let left = 3;
    const failing: FoundExperiment = {
      ...place,
      experiment: {
        ...place.experiment,
        run: (context) => (left-- > 0 ? place.experiment.run(context) : Promise.reject(new Error("broken off"))),
      },
    };
    await expect(reproduce(failing, { runs, output: "quiet" })).rejects.toThrow("broken off");
    expect(existsSync(join(place.folder, "RESULTS.md"))).toBe(false);
    const { folder } = await reproduce(place, { runs, output: "quiet" });
    expect(ran).toEqual(["0.05 1", "0.000001 1", "0.05 2", "0.000001 2", "0.05 3", "0.000001 3"]);
    expect((await reproduce(place, { runs, output: "quiet" })).folder).toBe(folder);
    expect(ran).toHaveLength(6);
  });

  test("starts again if the code has changed, or with --fresh", async () => {
    const { place, runs, ran } = found();
    const first = await reproduce(place, { runs, quick: true, output: "quiet" });
    writeFileSync(join(place.folder, "index.ts"), "// changed");
    const second = await reproduce(place, { runs, quick: true, output: "quiet" });
    const third = await reproduce(place, { runs, quick: true, fresh: true, output: "quiet" });
    expect([first, second, third].map(({ folder }) => folder)).toEqual(
      [1, 2, 3].map((number) => join(runs, "adding/reproduce", String(number))),
    );
    expect(ran).toHaveLength(6);
  });

  test("begins with another seed if asked to, and says so on the page and in results.json", async () => {
    const { place, runs, ran } = found();
    const { claims } = place.experiment;
    const undecided = { ...claims[0]!, value: (_: object, __: object, seed: number) => seed % 3, atMost: 1 };
    const experiment = { ...place.experiment, baselines: {}, claims: [undecided] };
    const page = () => readFileSync(join(place.folder, "RESULTS.md"), "utf8");
    const first = await reproduce({ ...place, experiment }, { runs, output: "quiet" });
    expect(page()).toMatch(/\nSeeds 1, 2, 3\. [^\n]* other seeds, all measured anew \(`--first-seed`\): adding seeds /);
    expect(page()).toContain("reproduce adding\n");
    const second = await reproduce({ ...place, experiment }, { runs, firstSeed: 4, output: "quiet" });
    expect(second.folder).not.toBe(first.folder);
    expect(ran).toEqual([1, 2, 3, 4, 5, 6].map((seed) => `0.05 ${seed}`));
    expect(page()).toContain("\nSeeds 4, 5, 6. ");
    expect(page()).toContain("reproduce adding --first-seed 4\n");
    expect(readFrom(place.folder, "results.json")).toMatchObject({ seeds: [{ seed: 4 }, { seed: 5 }, { seed: 6 }] });
    for (const firstSeed of [0, 1.5, 2 ** 53])
      await expect(reproduce(place, { runs, firstSeed })).rejects.toThrow(/the first seed is [^\n]*\n {2}use a whole/);
  });

  test("a claim about a baseline that does not exist is found by a quick reproduction", async () => {
    const { place, runs } = found();
    const claims = [
      {
        claim: "it learns",
        value: (_result: unknown, all: Readonly<Record<string, { best: number }>>) => all["fast"]!.best,
        moreThan: 0,
      },
    ] as never;
    const wrong = { ...place, experiment: { ...place.experiment, claims } };
    await expect(reproduce(wrong, { runs, quick: true, output: "quiet" })).rejects.toThrow(
      /the claim "it learns" asks for the baseline "fast", which does not exist\n {2}the baselines are slow/,
    );
  });

  test("does not use the runs of another backend again", async () => {
    const { place, runs, ran } = found();
    for (const backend of ["cpu", "another", "cpu"])
      await reproduce(place, { runs, quick: true, backend, output: "quiet" });
    expect(ran).toHaveLength(4);
  });

  test("judges a figure that is NaN or infinite the same way when the finished runs are read again", async () => {
    const { place, runs } = found();
    const experiment = { ...place.experiment, run: async () => ({ best: NaN, sumOfWeights: Infinity }) };
    const [first, again] = [
      await reproduce({ ...place, experiment }, { runs, output: "quiet" }),
      await reproduce({ ...place, experiment }, { runs, output: "quiet" }),
    ];
    expect(first.verdicts[1]).toMatchObject({ verdict: "undecided", suspicious: true });
    expect(again.verdicts).toEqual(first.verdicts);
    expect(again.seeds).toEqual(first.seeds);
    expect(readFrom(place.folder, "results.json")).toMatchObject({
      seeds: [{ result: { best: "NaN", sumOfWeights: "Infinity" } }, {}, {}],
    });
  });

  test("names the commit of each run: once if it is the same, else one by one", async () => {
    const { place, runs } = found();
    const reproduction = await reproduce(place, { runs, output: "quiet" });
    const from = (...commits: readonly string[]) =>
      resultsPage({
        ...reproduction,
        runs: reproduction.runs.map((run, i) => ({
          ...run,
          record: {
            ...run.record,
            started: "2026-01-02T",
            commit: commits[i % commits.length]!.repeat(12),
            dirty: i === 3,
          },
        })),
      });
    expect(from("a")).not.toContain("Measured on 2026-01-02 from");
    const clean = {
      ...reproduction,
      runs: reproduction.runs.map((run) => ({
        ...run,
        record: { ...run.record, commit: "a".repeat(40), dirty: false },
      })),
    };
    expect(resultsPage(clean)).toMatch(/^Measured on \S+ from commit aaaaaaaaaa: /m);
    expect(from("a", "b")).toContain(
      "- learningRate 0.05 1, learningRate 0.05 2, learningRate 0.05 3: from commit aaaaaaaaaa\n" +
        "- slow 1, slow 3: from commit bbbbbbbbbb\n- slow 2: from commit bbbbbbbbbb with changes\n",
    );
  });

  test("with --quick judges nothing, and writes nothing to the experiment's folder", async () => {
    const { place, runs } = found();
    const { verdicts, seeds } = await reproduce(place, { runs, quick: true, output: "quiet" });
    expect(verdicts).toEqual([]);
    expect(seeds[0]!.result["steps"]).toBe(3);
    expect(readdirSync(place.folder)).toEqual(["index.ts"]);
  });

  test("with --quick is quick in every baseline, too", () => {
    const experiment = { ...small, quick: { steps: 3 }, baselines: { long: { steps: 1_400, label: "long" } } };
    const [main, long, ...others] = planRuns(experiment, { quick: true });
    expect(others).toEqual([]); // one seed is enough
    expect([main!.settings["steps"], long!.settings]).toEqual([3, { steps: 3, label: "long", seed: 1 }]);
    expect(planRuns(experiment)[1]!.settings["steps"]).toBe(1_400);
  });
});

test.for([
  [3.65888, 0, "3.65888"],
  [1.7923, 0.0271, "1.792 ± 0.027"],
  [1234.5, 210, "1235 ± 210"],
  [4.2e-13, 3e-14, "4.20e-13 ± 3.0e-14"],
  [0, 0, "0"],
  [2, Infinity, "2.0000"],
  [NaN, 1, "NaN"],
] as const)("%f ± %f is shown as %s", ([mean, margin, text]) => {
  expect(showInterval({ mean, margin })).toBe(text);
});

test("pages keep texts within their cells, and the index counts the verdicts", async () => {
  const { place, runs } = found();
  const experiment = {
    ...place.experiment,
    question: "a | b\nc?",
    claims: [{ ...small.claims[0]!, claim: "x | y" }, small.claims[1]!],
  };
  const reproduction = await reproduce({ ...place, experiment }, { runs, output: "quiet" });
  expect(resultsPage(reproduction)).toContain("| x \\| y |");
  const row = "| [adding](adding/README.md) | a \\| b c? | Nobody 2026 | [1 held, 1 refuted](adding/RESULTS.md) |";
  const [other, gone] = [
    "| [zeros](zeros/README.md) | ? |  | [1 undecided](zeros/RESULTS.md) |",
    "| [gone](gone/README.md) | ? |  | [1 undecided](gone/RESULTS.md) |",
  ];
  const page = indexPage(
    [reproduction],
    ["adding", "new", "zeros"],
    `${other}\n${row.replace("1 held, 1 refuted", "2 held")}\n${gone}\n`,
  );
  expect(page.split("\n").slice(-3)).toEqual(["|---|---|---|---|", row, other]);
});
