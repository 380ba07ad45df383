import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { ArgumentError, grad, Module, mul, Optimizer, parameter, sum, tensor, uniform, use } from "@ansatz/core";
import { defaultStream } from "@ansatz/core/plugin";
import { WriteError } from "@ansatz/data";
import { Dropout, Linear, Sequential } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import { beforeAll, describe, expect, expectTypeOf, test, vi } from "vitest";
import { InterruptedError } from "../interrupt.ts";
import { MetricsLog } from "../metrics.ts";
import { RunError } from "../run-folder.ts";
import { UsageError } from "../settings.ts";
import { DivergedError } from "./diverged.ts";
import { experiment } from "./experiment.ts";
import { runExperiment } from "./run-experiment.ts";
import { isInUse } from "./run-lock.ts";
import small from "../testing/small-experiment.ts";
import { folders, printing, readFrom, readLines } from "./testing.ts";

const newFolder = folders();
beforeAll(() => use(cpu()));
const printed = printing("log");

/** All that must be equal, bit for bit, in two runs of the same settings. */
function outcome(folder: string): unknown {
  const { sha256, parts } = readFrom(folder, "checkpoint.json") as { sha256: string; parts: Record<string, unknown> };
  const losses = new MetricsLog(folder).read().map(({ step, loss, sumOfWeights }) => [step, loss, sumOfWeights]);
  return {
    sha256,
    parts: { ...parts, files: undefined },
    losses,
    samples: readLines(folder, "samples.jsonl"),
    result: readFrom(folder, "result.json"),
  };
}

/** An experiment that fails at a step, like a killed process, but only once. */
function breakingAt(...breaks: number[]) {
  return {
    ...small,
    run: (context: Parameters<typeof small.run>[0]) =>
      small.run({
        ...context,
        log: async (metrics) => {
          await context.log(metrics);
          const { step } = new MetricsLog(context.folder).read().at(-1)!;
          if (step === breaks[0]) {
            breaks.shift();
            throw new Error("broken off");
          }
        },
      }),
  };
}

describe("a run's folder", () => {
  test("holds settings, record, metrics, samples, model, log, status, result and checkpoint", async () => {
    const runs = newFolder();
    const { folder, result } = await runExperiment(small, {
      name: "adding",
      runs,
      settings: { learningRate: 0.1, seed: 7 },
      backend: "cpu",
      source: import.meta.dirname,
    });
    expect(folder).toBe(join(runs, "adding/1"));
    expect(readdirSync(folder).toSorted()).toEqual([
      "checkpoint.json",
      "log.txt",
      "metrics.jsonl",
      "model.json",
      "report.html",
      "result.json",
      "run.json",
      "samples.jsonl",
      "settings.json",
      "spent.jsonl",
      "status.json",
      "step-12.safetensors",
      "step-8.json",
      "step-8.safetensors",
    ]);
    expect(readFrom(folder, "settings.json")).toEqual({
      steps: 12,
      learningRate: 0.1,
      saveEvery: 4,
      patience: 100,
      label: "none",
      seed: 7,
    });
    const record = readFrom(folder, "run.json");
    expect(record).toMatchObject({
      experiment: "adding",
      question: small.question,
      paper: "Nobody 2026",
      seed: 7,
      backend: "cpu",
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
    });
    expect(record["packages"]).toMatchObject({
      "@ansatz/core": expect.stringMatching(/^\d/),
      vega: expect.stringMatching(/^\d/),
    });
    expect(Date.parse(record["started"] as string)).toBeLessThanOrEqual(Date.now());
    const lines = readLines(folder, "metrics.jsonl");
    expect(lines.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12]);
    expect(lines[0]).toEqual({ step: 1, loss: expect.any(Number), rowsPerSecond: expect.any(Number) });
    expect(lines.at(-1)).toEqual({ step: 12, sumOfWeights: result["sumOfWeights"] });
    expect(readLines(folder, "samples.jsonl")).toEqual([
      { step: 5, text: "at step 5" },
      { step: 10, text: "at step 10" },
    ]);
    expect(readFrom(folder, "result.json")).toEqual(result);
    expect(readFrom(folder, "status.json")).toMatchObject({ state: "ended", step: 12, steps: 12, pid: process.pid });
    expect(printed[0]).toBe(`17 parameters, 12 steps of 8 rows, ${folder}`);
    expect(printed.at(-1)).toMatch(
      /^sumOfWeights {2}-?[\d.]+\nbest {10}[\d.]+\nsteps {9}12\.000\ntime {10}\d s\nfolder {8}\S+adding\/1$/,
    );
    expect(readFileSync(join(folder, "log.txt"), "utf8")).toContain(printed.at(-1));
  });

  test("knows the git commit, and whether files differ from it", async () => {
    const source = newFolder();
    const git = (...words: string[]): string => execFileSync("git", words, { cwd: source, encoding: "utf8" }).trim();
    git("init", "-q");
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "first");
    const run = async () =>
      readFrom(
        (await runExperiment(small, { runs: newFolder(), settings: small.quick, source, output: "quiet" })).folder,
        "run.json",
      );
    expect(await run()).toMatchObject({ commit: git("rev-parse", "HEAD"), dirty: false });
    for (const name of ["RESULTS.md", "results.json", "results.svg"]) writeFileSync(join(source, name), "");
    expect(await run()).toMatchObject({ dirty: false }); // a reproduction writes them
    writeFileSync(join(source, "changed"), "");
    expect(await run()).toMatchObject({ dirty: true });
  });

  test("shows the tree of the model: modules, parameters, buffers", async () => {
    const { folder } = await runExperiment(small, { runs: newFolder(), settings: small.quick, output: "quiet" });
    const tree = readFrom(folder, "model.json") as { children: { name: string }[] };
    expect(tree.children.map(({ name }) => name)).toEqual(["model", "average"]);
    expect(tree.children[0]).toMatchObject({
      type: "SumNetwork",
      parameters: 0,
      children: [
        {
          name: "hidden",
          type: "Linear",
          children: [
            { name: "weight", type: "Parameter", parameters: 8, shape: [4, 2] },
            { name: "bias", parameters: 4 },
          ],
        },
        { name: "dropout", type: "Dropout", children: [] },
        { name: "output", type: "Linear" },
      ],
    });
  });

  test("is new for each run; json and quiet output print what they promise", async () => {
    const runs = newFolder();
    await runExperiment(small, { name: "adding", runs, settings: small.quick, output: "quiet" });
    expect(printed).toHaveLength(1);
    printed.length = 0;
    const { folder } = await runExperiment(small, { name: "adding", runs, settings: small.quick, output: "json" });
    expect(folder).toBe(join(runs, "adding/2"));
    expect(printed.map((line) => JSON.parse(line) as unknown)).toEqual([
      ...readLines(folder, "metrics.jsonl"),
      expect.objectContaining({ verdict: "done", folder, result: readFrom(folder, "result.json") }),
    ]);
  });
});

describe("a resumed run", () => {
  test("has the numbers of a run that was never stopped, wherever it was interrupted", async () => {
    const whole = await runExperiment(small, { folder: newFolder(), output: "quiet" });
    for (const breaks of [[1], [4], [5], [11], [3, 6, 7, 12]]) {
      const folder = newFolder();
      const broken = breakingAt(...breaks);
      for (const _ of breaks)
        await expect(runExperiment(broken, { folder, output: "quiet" })).rejects.toThrow("broken off");
      expect(readFrom(folder, "status.json")).toMatchObject({ state: "failed", error: "broken off" });
      expect(await runExperiment(broken, { folder, output: "quiet" })).toEqual({ ...whole, folder });
      expect(outcome(folder)).toEqual(outcome(whole.folder));
    }
  });

  test("resumes layers without `random` and the process-wide stream bit for bit; the seed decides both", async () => {
    const stopsAt = (breaks: number[]) =>
      experiment({
        question: "?",
        settings: { steps: 6 },
        async run({ settings, steps, log }) {
          const model = new Sequential(new Linear(2, 4), new Dropout(0.5), new Linear(4, 1));
          const optimizer = new Optimizer(model, adamw, { learningRate: 0.1 });
          for await (const step of steps(settings.steps, { model, optimizer }, { saveEvery: 2 })) {
            const x = uniform(defaultStream().next(), [8, 2]);
            const noisy = mul(model.forward(x), uniform(defaultStream().fork().next(), [8, 1]));
            const loss = sum(noisy);
            optimizer.update(grad(loss, model.parameters()));
            await log({ loss });
            if (step === breaks[0]) throw new Error(`broken off at ${breaks.shift()}`);
          }
          return {};
        },
      });
    const losses = (folder: string) => new MetricsLog(folder).read().map(({ loss }) => loss);
    const run = (breaks: number[], folder = newFolder(), seed = 1) =>
      runExperiment(stopsAt(breaks), { folder, settings: { seed }, output: "quiet" });
    const whole = losses((await run([])).folder);
    const folder = newFolder();
    await expect(run([4], folder)).rejects.toThrow("broken off at 4");
    await uniform(defaultStream().next(), [1]).data(); // another draw of this process
    expect(losses((await run([], folder)).folder)).toEqual(whole);
    expect(losses((await run([])).folder)).toEqual(whole);
    expect(losses((await run([], newFolder(), 2)).folder)).not.toEqual(whole);
  });

  test("says what has changed since it began", async () => {
    const folder = newFolder();
    await expect(
      runExperiment(breakingAt(6), { folder, backend: "cpu", source: import.meta.dirname, output: "quiet" }),
    ).rejects.toThrow("broken off");
    const record = readFrom(folder, "run.json") as { packages: Record<string, string> };
    writeFileSync(
      join(folder, "run.json"),
      JSON.stringify({ ...record, packages: { ...record.packages, vega: "1.2.3" } }),
    );
    await runExperiment(small, { folder, backend: "other", source: import.meta.dirname });
    expect(printed.filter((line) => line.includes("when this run began"))).toEqual([
      expect.stringMatching(/^backend was cpu when this run began and is other now/),
      expect.stringMatching(/^vega was 1\.2\.3 .* is \d+\.\d+\.\d+ now/),
    ]);
  });

  test("in a folder with a result returns it at once", async () => {
    const folder = newFolder();
    const { result } = await runExperiment(small, { folder, settings: small.quick, output: "quiet" });
    const again = await runExperiment(small, { folder, output: "quiet" });
    expect(again.result).toEqual(result);
    expect(printed.at(-1)).toContain("has ended already");
  });

  test("keeps its settings, and refuses others", async () => {
    const folder = newFolder();
    await expect(
      runExperiment(breakingAt(6), { folder, settings: { learningRate: 0.1 }, output: "quiet" }),
    ).rejects.toThrow("broken off");
    await expect(runExperiment(small, { folder, settings: { learningRate: 0.2 }, output: "quiet" })).rejects.toThrow(
      /holds a run in which learningRate is 0.1, not 0.2/,
    );
    await runExperiment(small, { folder, output: "quiet" });
    expect(readFrom(folder, "settings.json")["learningRate"]).toBe(0.1);
  });

  test("stays stopped if one of its parts stopped the loop", async () => {
    const stubborn = {
      ...small,
      run: (context: Parameters<typeof small.run>[0]) =>
        small.run({
          ...context,
          interrupt: {
            requested: false,
            check: () => {
              throw new Error("broken off");
            },
          },
        }),
    };
    const settings = { learningRate: 0, patience: 3, steps: 100 };
    const folder = newFolder();
    await expect(runExperiment(stubborn, { folder, settings, output: "quiet" })).rejects.toThrow("broken off");
    const { step } = readFrom(folder, "checkpoint.json") as { step: number };
    expect(step).toBeLessThan(100);
    const { result } = await runExperiment(small, { folder, output: "quiet" });
    expect(result["steps"]).toBe(step);
  });

  test("after Ctrl-C resumes after the step that was interrupted", async () => {
    const folder = newFolder();
    const pressing = {
      ...small,
      run: (context: Parameters<typeof small.run>[0]) =>
        small.run({
          ...context,
          log: async (metrics) => {
            await context.log(metrics);
            if (new MetricsLog(folder).read().length === 6) process.emit("SIGINT");
          },
        }),
    };
    const interrupted = runExperiment(pressing, { folder, output: "quiet" });
    await expect(interrupted).rejects.toThrow(InterruptedError);
    await expect(interrupted).rejects.toThrow("stopped after step 6; everything is saved");
    expect(readFrom(folder, "status.json")).toMatchObject({ state: "interrupted", step: 6 });
    const whole = await runExperiment(small, { folder: newFolder(), output: "quiet" });
    await runExperiment(small, { folder, output: "quiet" });
    expect(outcome(folder)).toEqual(outcome(whole.folder));
  });
});

describe("a run with more steps", () => {
  const losses = (folder: string) => new MetricsLog(folder).read().map(({ step, loss }) => [step, loss]);

  test("goes on after its end, as if it had had them from the start, and its record says so", async () => {
    const whole = await runExperiment(small, { folder: newFolder(), settings: { steps: 20 }, output: "quiet" });
    const { folder, result } = await runExperiment(small, { folder: newFolder(), output: "quiet" });
    const again = await runExperiment(small, { folder, steps: 20, output: "quiet" });
    expect(again.result).toEqual(whole.result);
    expect(losses(folder)).toEqual(losses(whole.folder));
    expect(readFrom(folder, "settings.json")["steps"]).toBe(20);
    expect(readFrom(folder, "run.json")["changes"]).toEqual([
      { time: expect.any(String), step: 12, steps: [12, 20], result },
    ]);
    expect(readFileSync(join(folder, "report.html"), "utf8")).toContain("steps: from 12 to 20");
  });

  test("is refused for as many as it has made, and for none that the experiment has", async () => {
    const { folder, result } = await runExperiment(small, { folder: newFolder(), output: "quiet" });
    for (const steps of [5, 12])
      await expect(runExperiment(small, { folder, steps, output: "quiet" })).rejects.toThrow(
        /has made 12 steps already/,
      );
    await expect(runExperiment(small, { folder, steps: 0, output: "quiet" })).rejects.toThrow(UsageError);
    const without = experiment({ question: "?", settings: {}, run: async () => ({}) });
    await expect(runExperiment(without, { folder, steps: 20, output: "quiet" })).rejects.toThrow(/no setting --steps/);
    expect(readFrom(folder, "result.json")).toEqual(result);
    expect(readFrom(folder, "run.json")).not.toHaveProperty("changes");
  });
});

describe("the checkpoints of a run", () => {
  /** An experiment whose cost is lowest, and whose score is highest, at step 3 of 8. */
  const valley = experiment({
    question: "?",
    settings: { breaksAt: 0 },
    async run({ settings, steps, log }) {
      for await (const step of steps(8, {}, { saveEvery: 5 })) {
        await log({ cost: (step - 3) ** 2, score: -((step - 3) ** 2) });
        if (step === settings.breaksAt) throw new Error("broken off");
      }
      return {};
    },
  });
  const kept = (folder: string) => readdirSync(folder).filter((name) => name.endsWith(".safetensors"));

  test("are the last two, or as many as asked for, and the best by a metric", async () => {
    const run = async (options: object) =>
      kept((await runExperiment(valley, { folder: newFolder(), output: "quiet", ...options })).folder);
    expect(await run({})).toEqual(["step-5.safetensors", "step-8.safetensors"]);
    expect(await run({ keep: 1 })).toEqual(["step-8.safetensors"]);
    const best = ["step-3.safetensors", "step-8.safetensors"];
    for (const keepBest of ["cost", "+score"]) expect(await run({ keep: 1, keepBest })).toEqual(best);
    await runExperiment(valley, { folder: newFolder(), keepBest: "cots" });
    expect(printed).toContain("no checkpoint is the best: cots was never measured");
  });

  test("stay the best ones when the run is resumed, which can begin at an earlier one", async () => {
    const folder = newFolder();
    const options = { folder, keep: 1, keepBest: "cost", output: "quiet" } as const;
    await expect(runExperiment(valley, { ...options, settings: { breaksAt: 7 } })).rejects.toThrow("broken off");
    expect(kept(folder)).toEqual(["step-3.safetensors", "step-5.safetensors"]);
    await expect(runExperiment(valley, { ...options, checkpoint: 4 })).rejects.toThrow(/no checkpoint of step 4/);
    await expect(runExperiment(valley, { ...options, checkpoint: 3 })).rejects.toThrow("broken off");
    expect(readLines(folder, "metrics.jsonl").map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(kept(folder)).toEqual(["step-3.safetensors", "step-5.safetensors"]);
  });
});

describe("a loss that is NaN", () => {
  const diverging = (allowNaN: boolean, name = "loss") =>
    experiment({
      question: "?",
      settings: {},
      allowNaN,
      async run({ steps, log }) {
        for await (const step of steps(4, {})) await log({ [name]: step < 3 ? 1 : NaN });
        return { loss: NaN };
      },
    });

  test("ends the run with an error and a hint, unless the experiment allows it", async () => {
    const folder = newFolder();
    for (const name of ["loss", "validationLoss"]) {
      const run = runExperiment(diverging(false, name), { folder, output: "quiet" });
      await expect(run).rejects.toThrow(DivergedError);
      await expect(run).rejects.toThrow(new RegExp(`^${name} is NaN at step 3\\n {2}--diagnose finds`));
      expect(readFrom(folder, "status.json")).toMatchObject({ state: "failed", step: 3 });
      expect(readLines(folder, "metrics.jsonl").at(-1)).toMatchObject({ step: 3, [name]: "NaN" });
      rmSync(folder, { recursive: true });
    }
    for (const run of [
      runExperiment(diverging(true), { folder: newFolder(), output: "quiet" }),
      runExperiment(diverging(false), { folder: newFolder(), output: "quiet", allowNaN: true }),
      runExperiment(diverging(false, "ratio"), { folder: newFolder(), output: "quiet" }),
    ])
      expect((await run).result).toEqual({ loss: NaN });
  });
});

describe("settings that an experiment refuses", () => {
  const refusing = experiment({
    question: "?",
    settings: { width: 8, heads: 3, late: false },
    async run({ settings, folder, steps }) {
      if (settings.late) for await (const _ of steps(1, {}));
      if (settings.width === 7) writeFileSync(join(folder, "own"), "");
      throw new ArgumentError(`width ${settings.width} is no multiple of ${settings.heads} heads`);
    },
  });

  test("leave no folder; one with anything in it stays", async () => {
    const runs = newFolder();
    const run = (settings: object, folder?: string) =>
      runExperiment(refusing, { runs, settings: { ...settings }, output: "quiet", ...(folder && { folder }) });
    await expect(run({})).rejects.toThrow(/width 8/);
    expect(readdirSync(join(runs, "experiment"))).toEqual([]);
    await expect(run({ width: 7 })).rejects.toThrow(/width 7/);
    await expect(run({ late: true })).rejects.toThrow(/width 8/);
    expect(readdirSync(join(runs, "experiment"))).toEqual(["1", "2"]);
    for (const number of ["1", "2"])
      expect(readFrom(join(runs, "experiment", number), "status.json")).toMatchObject({ state: "failed" });
  });
});

describe("a folder in use", () => {
  test("is refused to a second run, in this process or another, and is free afterwards", async () => {
    const folder = newFolder();
    const second = await new Promise((resolve) => {
      const nested = {
        ...small,
        run: async (context: Parameters<typeof small.run>[0]) => {
          expect(isInUse(folder)).toBe(true);
          await runExperiment(small, { folder, output: "quiet" }).catch(resolve);
          return small.run(context);
        },
      };
      void runExperiment(nested, { folder, settings: small.quick, output: "quiet" });
    });
    expect(second).toBeInstanceOf(RunError);
    expect((second as Error).message).toMatch(
      new RegExp(`is in use by process ${process.pid}\\n {2}wait until it ends`),
    );
    await vi.waitFor(() => expect(existsSync(join(folder, "lock"))).toBe(false));
    expect(isInUse(folder)).toBe(false);
  });

  test("is taken over if its process has ended; a process on another machine is respected", async () => {
    const gone = spawnSync(process.execPath, ["-e", ""]).pid;
    const lock = (holder: object | string) => {
      const folder = newFolder();
      writeFileSync(join(folder, "lock"), typeof holder === "string" ? holder : JSON.stringify(holder));
      return runExperiment(small, { folder, settings: small.quick, output: "quiet" });
    };
    await lock({ pid: gone, host: hostname(), processStarted: "1" });
    await lock({ pid: process.pid, host: hostname(), processStarted: "of an earlier process with this number" });
    await lock('{"pid":');
    await expect(lock({ pid: 1, host: "elsewhere", processStarted: "1" })).rejects.toThrow(
      /is in use by process 1 on elsewhere\n.*delete \S+lock if you are sure/,
    );
  });

  test.skipIf(process.platform !== "linux")("is taken over from a process that has ended unnoticed", async () => {
    // `sleep` takes the place of the shell, and never asks how the shell's child has ended.
    const parent = spawn("sh", ["-c", "sleep 0.2 & echo $!; exec sleep 30"]);
    const [pid] = (await once(parent.stdout, "data")) as [Buffer];
    const folder = newFolder();
    const stat = () => readFileSync(`/proc/${Number(pid)}/stat`, "utf8").split(" ");
    writeFileSync(
      join(folder, "lock"),
      JSON.stringify({ pid: Number(pid), host: hostname(), processStarted: stat()[21] }),
    );
    expect(isInUse(folder)).toBe(true);
    await vi.waitFor(() => expect(stat()[2]).toBe("Z"), 5_000);
    expect(isInUse(folder)).toBe(false);
    parent.kill();
  });
});

describe("if files cannot be written", () => {
  test("a folder that is deleted during the run gives a clear error", async () => {
    const folder = newFolder();
    const deleting = {
      ...small,
      run: (context: Parameters<typeof small.run>[0]) =>
        small.run({
          ...context,
          log: async (metrics) => {
            if (new MetricsLog(folder).read().length === 5) rmSync(folder, { recursive: true });
            await context.log(metrics);
          },
        }),
    };
    const run = runExperiment(deleting, { folder, output: "quiet" });
    await expect(run).rejects.toThrow(WriteError);
    await expect(run).rejects.toThrow(/metrics.jsonl cannot be written: its folder does not exist \(ENOENT\)/);
    expect(existsSync(folder)).toBe(false);
  });

  test("a read-only folder gives a clear error, and its checkpoint stays", async ({ skip }) => {
    const folder = newFolder();
    await expect(runExperiment(breakingAt(6), { folder, output: "quiet" })).rejects.toThrow("broken off");
    const before = readFileSync(join(folder, "checkpoint.json"));
    if (process.getuid?.() === 0) {
      try {
        execFileSync("mount", ["--bind", "-o", "ro", folder, folder], { stdio: "ignore" });
      } catch {
        skip("a folder cannot be mounted read-only here");
      }
    } else chmodSync(folder, 0o500);
    try {
      const run = runExperiment(small, { folder, output: "quiet" });
      await expect(run).rejects.toThrow(/cannot be written: (the file system is read-only|permission is denied)/);
      expect(readFileSync(join(folder, "checkpoint.json"))).toEqual(before);
    } finally {
      if (process.getuid?.() === 0) execFileSync("umount", [folder]);
      else chmodSync(folder, 0o700);
    }
    await runExperiment(small, { folder, output: "quiet" });
  });
});

describe("an experiment", () => {
  const run = async () => ({});

  test("takes plain defaults as settings, and has a seed", () => {
    const { settings } = experiment({
      question: "?",
      settings: { width: 8, name: { default: "a", description: "of it", choices: ["a", "b"] }, tied: true },
      run,
    });
    expect(settings).toMatchObject({
      width: { default: 8 },
      name: { choices: ["a", "b"] },
      tied: { default: true },
      seed: { default: 1, least: 0 },
    });
  });

  test("gives its run only the values that a setting's choices allow", () => {
    experiment({
      question: "?",
      settings: { optimizer: { default: "adamw", description: "of it", choices: ["lion", "adamw"] }, width: 8 },
      // @ts-expect-error: "sgd" is not one of the choices
      quick: { optimizer: "sgd" },
      run: async ({ settings }) => {
        expectTypeOf(settings.optimizer).toEqualTypeOf<"lion" | "adamw">();
        expectTypeOf(settings.width).toEqualTypeOf<number>();
        // @ts-expect-error: a misspelled choice
        return { lion: settings.optimizer === "loin" ? 1 : 0 };
      },
    });
  });

  test.each([
    [() => experiment({ question: "?", settings: { folder: "x" }, run }), /"folder" cannot be a setting/],
    [
      () => experiment({ question: "?", settings: { width: 8 }, quick: { widht: 1 } as never, run }),
      /"quick" sets "widht", which isn't a setting/,
    ],
    [
      () => experiment({ question: "?", settings: { width: 8 }, baselines: { narrow: { widht: 1 } as never }, run }),
      /"narrow" sets "widht"/,
    ],
    [() => experiment({ question: "?", settings: {}, seeds: 2, run }), /2 seeds are too few/],
    [
      () => experiment({ question: "?", settings: {}, run, claims: [{ claim: "so", value: () => 1 }] }),
      /"so" has no bound/,
    ],
    [
      () =>
        experiment({
          question: "?",
          settings: {},
          run,
          claims: [{ claim: "so", value: () => 1, atLeast: 2, atMost: 1 }],
        }),
      /asks for at least 2 and at most 1/,
    ],
  ])("with a mistake is refused (%#)", (make, message) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  });

  test("refuses settings from code that are out of range, before anything is created", async () => {
    const runs = newFolder();
    await expect(runExperiment(small, { runs, settings: { steps: 0 } })).rejects.toThrow(UsageError);
    await expect(runExperiment(small, { runs, settings: { stesp: 3 } })).rejects.toThrow(/did you mean --steps\?/);
    expect(readdirSync(runs)).toEqual([]);
  });

  test("has one loop, and its parts cannot take the lab's names", async () => {
    class Nothing extends Module {
      readonly weight = parameter(tensor([0]));
    }
    const of = (body: Parameters<typeof experiment>[0]["run"]) =>
      runExperiment(experiment({ question: "?", settings: {}, run: body }), { folder: newFolder(), output: "quiet" });
    const all = async (steps: AsyncIterable<number>) => {
      for await (const _ of steps);
    };
    await expect(of(async ({ steps }) => (await all(steps(1, {})), await all(steps(1, {})), {}))).rejects.toThrow(
      /this is the second loop of a run/,
    );
    await expect(of(async ({ steps }) => (await all(steps(1, { random: new Nothing() })), {}))).rejects.toThrow(
      /cannot be called "random"/,
    );
    await expect(of(async ({ steps }) => (await all(steps(1.5, {})), {}))).rejects.toThrow(
      /the number of steps cannot be 1.5/,
    );
    await expect(of(async ({ steps }) => (await all(steps(1, {}, { saveEvery: 0 })), {}))).rejects.toThrow(
      /saveEvery is 0/,
    );
  });

  test("can do without a loop", async () => {
    const { result } = await runExperiment(
      experiment({
        question: "?",
        settings: { n: 3 },
        run: async ({ settings: { n }, log }) => (await log({ n }), { square: n * n }),
      }),
      { folder: newFolder(), output: "quiet" },
    );
    expect(result).toEqual({ square: 9 });
  });
});
