import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { use } from "@ansatz/core";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import { experiment } from "../experiment/experiment.ts";
import { reproduce } from "./reproduce.ts";
import { folders } from "../experiment/testing.ts";

const newFolder = folders();
beforeAll(() => use(cpu()));
beforeEach(() => void vi.spyOn(console, "log").mockImplementation(() => undefined));

/** Each arm has its own best rate: 0.1, and 0.3 for the baseline. At a rate of 1 the cost is NaN. */
function tuned(ran: string[] = []) {
  const folder = join(newFolder(), "rates");
  mkdirSync(folder);
  writeFileSync(join(folder, "index.ts"), "");
  return {
    name: "rates",
    folder,
    file: join(folder, "index.ts"),
    experiment: experiment({
      question: "Which arm is better, each at its own best rate?",
      settings: { rate: 0.01, arm: "first" },
      quick: {},
      baselines: { second: { arm: "second" } },
      tune: { setting: "rate", values: [0.03, 0.1, 0.3, 1], lowest: "cost" },
      async run({ settings: { rate, arm, seed } }) {
        ran.push(`${arm} ${rate} ${seed}`);
        const [best, floor] = arm === "first" ? [0.1, 1] : [0.3, 0.5];
        return { cost: rate === 1 ? NaN : floor + Math.abs(rate - best) + 0.01 * seed, rate };
      },
      claims: [
        {
          claim: "the second is better by a half",
          value: (result, { second }) => result.cost - second!.cost,
          atLeast: 0.499,
          unvarying: "the seeds cancel",
        },
      ],
    }),
  };
}

test("each variant uses the value that is best for itself, found on a seed that is not judged", async () => {
  const ran: string[] = [];
  const place = tuned(ran);
  const { seeds, verdicts, tuning } = await reproduce(place, { runs: newFolder(), output: "quiet" });
  const sweep = ["first", "second"].flatMap((arm) => [0.03, 0.1, 0.3, 1].map((rate) => `${arm} ${rate} 0`));
  expect(ran).toEqual([...sweep, ...[1, 2, 3].flatMap((seed) => [`first 0.1 ${seed}`, `second 0.3 ${seed}`])]);
  expect(tuning!.variants.map(({ variant, chosen }) => [variant, chosen])).toEqual([
    ["main", 0.1],
    ["second", 0.3],
  ]);
  expect(seeds.map(({ result, baselines }) => [result["rate"], baselines["second"]!["rate"]])).toEqual(
    [1, 2, 3].map(() => [0.1, 0.3]),
  );
  expect(verdicts[0]!.verdict).toBe("held");
  const page = readFileSync(join(place.folder, "RESULTS.md"), "utf8");
  expect(page).toMatch(
    /first run with every `rate` on seed 0.* lowest cost, in bold\. No claim is judged on this seed; but /,
  );
  expect(page).toMatch(/^\| cost by rate \| 0\.03 \| 0\.1 \| 0\.3 \| 1 \|$/m);
  expect(page).toMatch(/^\| arm first \| 1\.07\d* \| \*\*1\*\* \| 1\.2\d* \| NaN \|$/m);
  expect(page).toMatch(/^\| second \| [\d.]+ \| [\d.]+ \| \*\*0\.5\d*\*\* \| NaN \|$/m);
  expect(JSON.parse(readFileSync(join(place.folder, "results.json"), "utf8"))).toMatchObject({
    tuning: { setting: "rate", variants: [{ chosen: 0.1 }, { chosen: 0.3 }] },
  });
});

test("a sweep that was stopped resumes, and a quick reproduction does not sweep", async () => {
  const ran: string[] = [];
  const place = tuned(ran);
  const runs = newFolder();
  const run = place.experiment.run.bind(place.experiment);
  let left = 3;
  const stopping = {
    ...place.experiment,
    run: (context: Parameters<typeof run>[0]) => (left-- > 0 ? run(context) : Promise.reject(new Error("stop"))),
  };
  await expect(reproduce({ ...place, experiment: stopping }, { runs, output: "quiet" })).rejects.toThrow("stop");
  await reproduce(place, { runs, output: "quiet" });
  expect(ran).toHaveLength(8 + 6);
  ran.length = 0;
  expect((await reproduce(place, { runs, quick: true, output: "quiet" })).tuning).toBeUndefined();
  expect(ran).toEqual(["first 0.01 1", "second 0.01 1"]);
});

test("a best value at the end of what was tried is pointed out", async () => {
  const place = tuned();
  const tune = { ...place.experiment.tune!, values: [0.1, 0.2] };
  await reproduce({ ...place, experiment: { ...place.experiment, tune } }, { runs: newFolder(), output: "quiet" });
  expect(readFileSync(join(place.folder, "RESULTS.md"), "utf8")).toContain(
    "At the end of what was tried: arm first, second.",
  );
});

test.each([
  ["no such setting", { setting: "speed", values: [1, 2], lowest: "cost" }, /"speed", which isn't a setting/],
  ["the seed", { setting: "seed", values: [1, 2], lowest: "cost" }, /"seed"\n {2}a seed that was chosen by its result/],
  [
    "a value out of range",
    { setting: "rate", values: [1, -1], lowest: "cost" },
    /cannot be "-1"\n {2}use a number, 0 or/,
  ],
  ["no choice", { setting: "kind", values: ["a", "c"], lowest: "cost" }, /--kind cannot be "c"\n {2}use a or b/],
  ["one value", { setting: "rate", values: [1, 1], lowest: "cost" }, /give it two or more/],
  ["no direction", { setting: "rate", values: [1, 2] }, /which value is best/],
  ["two directions", { setting: "rate", values: [1, 2], lowest: "cost", highest: "cost" }, /which value is best/],
  ["a baseline that sets it", { setting: "arm", values: ["a", "b"], lowest: "cost" }, /the baseline "second" sets/],
])("%s is refused", (_name, tune, message) => {
  const define = () =>
    experiment({
      question: "?",
      settings: {
        rate: { default: 1, description: "", least: 0 },
        kind: { default: "a", description: "", choices: ["a", "b"] },
        arm: "first",
      },
      baselines: { second: { arm: "second" } },
      tune: tune as never,
      run: async () => ({ cost: 1 }),
    });
  expect(define).toThrow(message);
});

test("a baseline may be called as the folders of the sweep are, but not as a folder within one", async () => {
  const named = (name: string) =>
    experiment({
      question: "?",
      settings: { rate: 1, arm: "first" },
      baselines: { [name]: { arm: "second" } },
      tune: { setting: "rate", values: [1, 2, 3], lowest: "cost" },
      run: async ({ settings: { rate, arm } }) => ({ cost: arm === "first" ? 3 - rate : rate }),
    });
  for (const name of ["tune-main", "tuning"]) {
    const found = { ...tuned(), experiment: named(name) };
    const { seeds, tuning } = await reproduce(found, { runs: newFolder(), output: "quiet" });
    expect(tuning!.variants.map(({ chosen }) => chosen)).toEqual([3, 1]);
    expect(seeds.map(({ result, baselines }) => [result["cost"], baselines[name]!["cost"]])).toEqual(
      [1, 2, 3].map(() => [0, 1]),
    );
  }
  for (const name of ["tuning/main", "..\\main"]) expect(() => named(name)).toThrow(/has a slash in its name/);
});

test("a figure that does not exist, or is never finite, is an error", async () => {
  for (const [tune, message] of [
    [{ setting: "rate", values: [0.1, 0.2], lowest: "price" }, /"price", which isn't a figure/],
    [{ setting: "rate", values: [1, 1], lowest: "cost" }, /finite with no rate/],
  ] as const) {
    const place = tuned();
    const found = { ...place, experiment: { ...place.experiment, tune } };
    await expect(reproduce(found, { runs: newFolder(), output: "quiet" })).rejects.toThrow(message);
  }
});
