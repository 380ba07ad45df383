/** The command as the user types it: what it prints, and its exit status. */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { folders, readFrom, readLines } from "../experiment/testing.ts";
import { ansatz, end, start } from "./testing.ts";

const newFolder = folders();
const small = join(import.meta.dirname, "../testing/small-experiment.ts");
const cpu = ["--backend", "cpu"];
let place: string;
beforeAll(() => {
  place = newFolder();
  mkdirSync(join(place, "experiments/broken"), { recursive: true });
  mkdirSync(join(place, "experiments/adding"));
  mkdirSync(join(place, "experiments/old"));
  writeFileSync(join(place, "experiments/old/package.json"), "{}");
  writeFileSync(join(place, "experiments/old/index.ts"), "export default 3;\n");
  writeFileSync(join(place, "package.json"), '{ "type": "module" }');
  mkdirSync(join(place, "node_modules"));
  // As if the packages were installed there.
  const installed = join(import.meta.dirname, "../../node_modules/@ansatz");
  symlinkSync(installed, join(place, "node_modules/@ansatz"), "junction");
  writeFileSync(join(place, "experiments/broken/index.ts"), "export default 3;\n");
  writeFileSync(
    join(place, "experiments/adding/index.ts"),
    `export { default } from ${JSON.stringify(pathToFileURL(small).href)};\n`,
  );
});

describe.concurrent("ansatz", () => {
  test("lists its commands, without a command and with --help", async ({ expect }) => {
    for (const words of [[], ["--help"]]) {
      const { status, output } = await ansatz(words, place);
      expect(status).toBe(0);
      for (const command of ["run", "reproduce", "create", "list"])
        expect(output).toMatch(new RegExp(`^ +${command} {2,}\\w`, "m"));
      expect(output).not.toContain("\u001B");
    }
  });

  test("shows its version, and help for one command", async ({ expect }) => {
    const { version } = readFrom(join(import.meta.dirname, "../.."), "package.json");
    expect(await ansatz(["--version"], place)).toMatchObject({ status: 0, output: `${String(version)}\n` });
    const help = await ansatz(["help", "watch"], place);
    expect(help.output).toMatch(/^npx ansatz watch \[FOLDER\] [^]*\n {2}--port {2}the port/);
    expect(await ansatz(["watch", "--help"], place)).toEqual(help);
  });

  test("ends quietly when the reader of its output goes away", async ({ expect }) => {
    const job = start(["list"], place);
    job.stdout.destroy();
    expect(await end(job)).toEqual({ status: 0, output: "", errors: "" });
  });

  test("list, create, reproduce and sweep take --json, and print nothing else", async ({ expect }) => {
    const listed = JSON.parse((await ansatz(["list", "--json"], place)).output) as object[];
    expect(listed).toHaveLength(3);
    expect(listed[0]).toMatchObject({ name: "adding", question: expect.any(String) });
    expect(listed[1]).toMatchObject({ name: "broken", error: expect.stringContaining("doesn't export") });
    const runs = newFolder();
    const swept = await ansatz(
      ["sweep", "adding", "--seed", "1,2", "--runs", runs, "--quick", ...cpu, "--json"],
      place,
    );
    const { rows } = JSON.parse(swept.output) as { rows: unknown[] };
    expect([swept.status, rows.length]).toEqual([0, 1]);
    const reproduced = await ansatz(["reproduce", "adding", "--runs", runs, "--quick", ...cpu, "--json"], place);
    expect(JSON.parse(reproduced.output)).toMatchObject([{ name: "adding", figures: { main: expect.any(Object) } }]);
    const created = await ansatz(["create", "experiment", "made-here", "--json"], newFolder());
    expect(JSON.parse(created.output)).toMatchObject({ folder: expect.stringContaining("made-here") });
  });

  test("compare and export take --json, and print nothing else", async ({ expect }) => {
    const folder = newFolder();
    await ansatz(["run", "adding", "--folder", folder, "--quick", "--quiet", ...cpu], place);
    const page = join(folder, "comparison.html");
    const compared = await ansatz(["compare", folder, "--output", page, "--json"], place);
    expect(JSON.parse(compared.output)).toMatchObject({ judgements: expect.any(Array), page });
    const exported = await ansatz(["export", folder, "--csv", "--json"], place);
    expect(JSON.parse(exported.output)).toEqual({ files: [expect.stringMatching(/metrics\.csv$/)] });
  });

  test("list shows the experiments with their questions, and why some cannot be loaded", async ({ expect }) => {
    const { status, output } = await ansatz(["list"], join(place, "experiments/adding"));
    expect(status).toBe(0);
    expect(output).toBe(
      "adding  Does a small network learn the sum of two numbers?\n" +
        "broken  cannot be loaded: ../broken/index.ts doesn't export an experiment\n" +
        "old     cannot be loaded: ../old/index.ts isn't an ES module, which an experiment has to be\n",
    );
  });

  test("run --from starts with the weights of another run, and says so", async ({ expect }) => {
    const from = newFolder();
    expect((await ansatz(["run", "adding", "--folder", from, ...cpu, "--quiet"], place)).status).toBe(0);
    const folder = newFolder();
    const words = ["run", "adding", "--folder", folder, ...cpu, "--from", from];
    const { status, output } = await ansatz([...words, "--from-parts", "model, optimizer"], place);
    expect(status).toBe(0);
    expect(output).toContain("starting from the model, optimizer of ");
    expect(readFrom(folder, "result.json")["steps"]).toBe(24);
  });

  test("a mistake has a message on the stream of errors, and status 2", async ({ expect }) => {
    const { status, output, errors } = await ansatz(["rnu"], place);
    expect([status, output]).toEqual([2, ""]);
    expect(errors).toBe('UsageError: there is no command "rnu"\n  did you mean run?\n');
  });
});

describe("ansatz run", () => {
  test("prints only metrics and a verdict as JSON, and uses the given folder", async () => {
    const words = ["run", small, "--folder", "here/it/is", "--json", "--steps", "3", "--seed", "5", ...cpu];
    const { status, output, errors } = await ansatz(words, place);
    expect([status, errors]).toEqual([0, ""]);
    const lines = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    expect(lines.slice(0, -1)).toEqual(readLines(join(place, "here/it/is"), "metrics.jsonl"));
    expect(lines.at(-1)).toMatchObject({ verdict: "done", folder: "here/it/is", steps: { made: 3, of: 3 } });
    expect(readFrom(join(place, "here/it/is"), "settings.json")).toMatchObject({ steps: 3, seed: 5 });
    const again = await ansatz(["run", small, "--folder", "here/it/is", "--quiet", ...cpu], place);
    expect(again).toMatchObject({
      status: 0,
      errors: "",
      output: expect.stringMatching(/has ended already: its result is in \S+\n$/),
    });
  });

  test("ends when its budget is spent, says how to resume, and resumes", async () => {
    const words = ["run", small, "--folder", "short", "--steps", "3", ...cpu];
    const { status, output } = await ansatz([...words, "--budget", "0.001s"], place);
    expect([status, output]).toEqual([0, expect.stringContaining("the budget is spent after step 1 of 3")]);
    expect(output).toMatch(/\n {2}resume with: .* run .* --resume short\n$/);
    const resumed = await ansatz(["run", "--resume", "short", "--trust", "--json"], place);
    expect(JSON.parse(resumed.output.trim().split("\n").at(-1)!)).toMatchObject({
      verdict: "done",
      steps: { made: 3 },
    });
  });

  test("keeps a second process out of a folder", async () => {
    const words = ["run", small, "--folder", "shared", "--quiet", ...cpu];
    const job = start([...words, "--steps", "1000000", "--save-every", "1000000", "--patience", "1000000"], place);
    const first = end(job);
    await vi.waitFor(() => expect(existsSync(join(place, "shared/metrics.jsonl"))).toBe(true), 30_000);
    const second = await ansatz(words, place);
    expect(second).toMatchObject({
      status: 1,
      output: "",
      errors: expect.stringMatching(/^RunError: shared is in use by process \d+\n {2}wait until it ends/),
    });
    job.kill("SIGTERM");
    expect(await first).toMatchObject({
      status: 130,
      errors: "",
      output: expect.stringMatching(
        /^\nstopped after step \d+; everything is saved\n {2}resume with: .* run \S+experiment\.ts --resume shared\n$/,
      ),
    });
    const resumed = start(["run", small, "--resume", "shared", "--quiet", ...cpu], place);
    const last = end(resumed);
    await vi.waitFor(
      () =>
        expect(readFrom(join(place, "shared"), "status.json")).toMatchObject({ state: "running", pid: resumed.pid }),
      30_000,
    );
    resumed.kill("SIGTERM");
    expect((await last).status).toBe(130);
  });

  test("shows the stack of a mistake in the experiment, and the run has failed", async () => {
    writeFileSync(
      join(place, "mistaken.ts"),
      [
        `import { experiment } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "../index.ts")).href)};`,
        "const run = async () => (undefined as never)['x'];",
        'export default experiment({ question: "?", settings: {}, run });\n',
      ].join("\n"),
    );
    const { status, errors } = await ansatz(["run", join(place, "mistaken.ts"), "--folder", "failed", ...cpu], place);
    expect(status).toBe(1);
    expect(errors).toMatch(/^TypeError: Cannot read properties of undefined[^]*mistaken\.ts/);
    expect(readFrom(join(place, "failed"), "status.json")).toMatchObject({
      state: "failed",
      error: expect.stringContaining("Cannot read"),
    });
  });
});

describe("ansatz run", () => {
  const long = ["--steps", "1000000", "--save-every", "1000000", "--patience", "1000000"];

  test("stops as after Ctrl-C when the reader of its output goes away", async () => {
    const job = start(["run", small, "--folder", "piped", "--json", ...long, ...cpu], place);
    job.stdout.once("data", () => job.stdout.destroy());
    expect(await end(job)).toMatchObject({ status: 130, errors: "" });
    expect(readFrom(join(place, "piped"), "status.json")).toMatchObject({ state: "interrupted" });
  });

  test("is named after its file; with changed source or a damaged checkpoint it says what helps", async () => {
    const file = join(place, "own.ts");
    const write = (factor: number) =>
      writeFileSync(
        file,
        [
          `import { experiment } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "../index.ts")).href)};`,
          "const run = async ({ settings, steps, log, interrupt }) => {",
          "  for await (const step of steps(settings.steps, {}, { saveEvery: 1 })) {",
          `    await log({ product: ${factor} * step });`,
          '    if (step === 3) process.emit("SIGINT");',
          "  }",
          "  return {};",
          "};",
          'export default experiment({ question: "?", settings: { steps: 5 }, run });\n',
        ].join("\n"),
      );
    write(2);
    const products = () => readLines(join(place, "runs/own/1"), "metrics.jsonl").map(({ product }) => product);
    const first = await ansatz(["run", file, "--quiet", ...cpu], place);
    expect(first).toMatchObject({ status: 130, output: expect.stringContaining("--resume runs/own/1\n") });
    write(3);
    const words = ["run", file, "--resume", "runs/own/1", "--quiet", ...cpu];
    const changed = await ansatz(words, place);
    expect(changed).toMatchObject({
      status: 1,
      errors: expect.stringMatching(
        /^RunError: the source has changed .*: own\.ts\n {2}restore it, .*--changed-source\n$/,
      ),
    });
    writeFileSync(join(place, "runs/own/1/step-3.safetensors"), "damaged");
    const damaged = await ansatz([...words, "--changed-source"], place);
    expect(damaged).toMatchObject({
      status: 1,
      errors: expect.stringMatching(/^CheckpointError: \S+ is damaged: .*\n {2}use .* whole: --checkpoint 2\n$/),
    });
    const third = await ansatz([...words, "--checkpoint", "2"], place);
    expect(third.status).toBe(130); // at step 3 again
    expect(products()).toEqual([2, 4, 9]);
    expect(await ansatz([...words, "--steps", "6"], place)).toMatchObject({ status: 0, errors: "" });
    expect(products()).toEqual([2, 4, 9, 12, 15, 18]);
  });
});

describe("ansatz compare", () => {
  test("writes its page below runs/", async () => {
    const folder = newFolder();
    for (const seed of ["1", "2"])
      await ansatz(["run", small, "--runs", "runs", "--steps", "1", "--seed", seed, "--quiet", ...cpu], {
        cwd: folder,
        backend: "cpu",
      });
    expect(existsSync(join(folder, "runs/small-experiment/2"))).toBe(true);
    const { status, output } = await ansatz(["compare", "runs"], folder);
    expect([status, output.trim().split("\n").at(-1)]).toEqual([0, "runs/comparison.html"]);
    expect(existsSync(join(folder, "runs/comparison.html"))).toBe(true);
  });
});

describe("ansatz reproduce", () => {
  test("has status 0 if a claim is refuted, and 1 with --strict; finished runs are not repeated", async () => {
    const words = ["reproduce", "adding", "--runs", "elsewhere", "--quiet", ...cpu];
    const first = await ansatz(words, place);
    expect(first).toMatchObject({
      status: 0,
      errors: "",
      output: expect.stringMatching(/^held {7}it learns: .*\nrefuted {4}it learns more/m),
    });
    expect(existsSync(join(place, "experiments/adding/RESULTS.md"))).toBe(true);
    const strict = await ansatz([...words, "--strict"], place);
    expect([strict.status, strict.output.match(/has ended already/g)?.length]).toEqual([1, 6]);
  });

  test("with --check runs nothing, lists what is stale, and fails only with --strict", async () => {
    const check = (...words: readonly string[]) => ansatz(["reproduce", "--check", ...words], place);
    const file = join(place, "experiments/adding/index.ts");
    const before = readFileSync(file, "utf8");
    for (const words of [["adding"], ["--strict", "adding"]] as const)
      expect(await check(...words)).toEqual({
        status: 0,
        errors: "",
        output: "current  adding\nall results are current\n",
      });
    writeFileSync(file, `${before}// changed\n`);
    expect(await check("adding")).toMatchObject({
      status: 0,
      output: "stale  adding  index.ts\n1 of 1 results are stale\n",
    });
    expect((await check("adding", "--strict")).status).toBe(1);
    expect((await check()).output).toMatch(
      /^stale {2}adding {2}index\.ts\nnone {3}broken\n[^]*3 of 3 results are stale\n$/,
    );
    writeFileSync(file, before);
    expect(await check("--quick")).toMatchObject({
      status: 2,
      errors: expect.stringContaining("--quick has no effect"),
    });
  });

  test("after Ctrl-C names commands that resume what was stopped, with --fresh only for the rest", async () => {
    const place = newFolder();
    writeFileSync(join(place, "package.json"), '{ "type": "module" }');
    symlinkSync(join(import.meta.dirname, "../../node_modules"), join(place, "node_modules"), "junction");
    const lab = JSON.stringify(pathToFileURL(join(import.meta.dirname, "../index.ts")).href);
    for (const name of ["a", "b"]) {
      mkdirSync(join(place, "experiments", name), { recursive: true });
      writeFileSync(
        join(place, "experiments", name, "index.ts"),
        `import { experiment } from ${lab};\n` +
          'const run = async ({ interrupt }) => (process.emit("SIGINT"), interrupt.check(), { x: 1 });\n' +
          'export default experiment({ question: "?", settings: {}, run });\n',
      );
    }
    const hint = async (...words: readonly string[]) => {
      const { status, output } = await ansatz(["reproduce", ...words, "--quiet", ...cpu], place);
      expect(status).toBe(130);
      return output.split("\n").slice(2, -1);
    };
    const rest = "--first-seed 4 --quiet --backend cpu";
    const given = ["--first-seed", "4"];
    expect(await hint("a", "--fresh", ...given)).toEqual([`  resume with: npx ansatz reproduce a ${rest}`]);
    expect(await hint("--all", ...given)).toEqual([`  resume with: npx ansatz reproduce --all ${rest}`]);
    expect(await hint("--all", "--fresh", ...given)).toEqual([
      `  resume with: npx ansatz reproduce a ${rest}`,
      `  then: npx ansatz reproduce b --fresh ${rest}`,
    ]);
  });

  test("with --all continues after one that fails, which has no row in the index", async () => {
    const broken = await ansatz(["reproduce", "--all", "--runs", "elsewhere", "--quiet", ...cpu], place);
    expect(broken).toMatchObject({
      status: 1,
      errors: expect.stringMatching(/^broken: ExperimentError: /),
      output: expect.stringContaining("it learns"),
    });
    const index = () => readFileSync(join(place, "experiments/README.md"), "utf8");
    expect(index()).toContain("| [1 held, 1 refuted](adding/RESULTS.md) |");
    expect(index()).not.toContain("broken");
    for (const name of ["broken", "old"]) rmSync(join(place, "experiments", name), { recursive: true });
    expect((await ansatz(["reproduce", "--all", "--runs", "elsewhere", "--quiet", ...cpu], place)).status).toBe(0);
    expect(index()).toContain("| [1 held, 1 refuted](adding/RESULTS.md) |");
  });
});
