import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cpu } from "@ansatz/backend-cpu";
import { use } from "@ansatz/core";
import { beforeAll, expect, test, vi } from "vitest";
import { RunError } from "../run-folder.ts";
import { runExperiment } from "./run-experiment.ts";
import small from "../testing/small-experiment.ts";
import { folders, readFrom } from "./testing.ts";

const newFolder = folders();
beforeAll(() => use(cpu()));

/** Starts or resumes a run whose experiment is in a file. It breaks off at step 6, unless it is to end. */
function runOf(place: string, { ends = false, changedSource = false, output = "quiet" as "quiet" | "text" } = {}) {
  const experiment = {
    ...small,
    run: (context: Parameters<typeof small.run>[0]) =>
      small.run({
        ...context,
        log: async (metrics) => {
          await context.log(metrics);
          if (!ends && ++logged === 6) throw new Error("broken off");
        },
      }),
  };
  let logged = 0;
  const folder = join(place, "run");
  const source = join(place, "index.ts");
  return runExperiment(experiment, { folder, source, backend: "cpu", changedSource, output });
}

test("a run with changed source is resumed only if that is asked for, and its record says so", async () => {
  const place = newFolder();
  const put = (name: string, text: string) => writeFileSync(join(place, name), text);
  put("index.ts", 'import { factor } from "./target.js";\n');
  put("target.ts", "export const factor = 2;\n");
  put("unrelated.ts", "");
  await expect(runOf(place)).rejects.toThrow("broken off");
  const before = readFrom(join(place, "run"), "checkpoint.json");

  put("unrelated.ts", "// changed");
  put("target.ts", "export const factor = 3;\n");
  const refused = runOf(place, { ends: true });
  await expect(refused).rejects.toThrow(RunError);
  await expect(refused).rejects.toThrow(
    /^the source has changed since the run in \S+ began: target\.ts\n {2}restore it, .*: --changed-source$/,
  );
  expect(readFrom(join(place, "run"), "checkpoint.json")).toEqual(before);
  expect(readFrom(join(place, "run"), "run.json")).not.toHaveProperty("changes");

  const printed = vi.spyOn(console, "log").mockImplementation(() => undefined);
  await expect(runOf(place, { changedSource: true, output: "text" })).rejects.toThrow("broken off");
  expect(printed.mock.calls.flat()).toContain("resuming with changed source: target.ts");
  printed.mockRestore();
  const change = { time: expect.any(String), step: 4, source: ["target.ts"] };
  expect(readFrom(join(place, "run"), "run.json")).toMatchObject({ changes: [change] });

  await runOf(place, { ends: true }); // the new source is the run's own now
  expect(readFrom(join(place, "run"), "run.json")).toMatchObject({ changes: [change] });
});

test("names the files of the workspace's packages, and of the backend's", async () => {
  const folder = newFolder();
  const source = join(import.meta.dirname, "../testing/small-experiment.ts");
  await runExperiment(small, { folder, source, settings: small.quick, backend: "cpu", output: "quiet" });
  const files = Object.keys(readFrom(folder, "source.json"));
  for (const file of ["small-experiment.ts", "../experiment/experiment.ts", "@ansatz/nn/layers/linear.ts"])
    expect(files).toContain(file);
  expect(files.some((file) => file.startsWith("@ansatz/backend-cpu/"))).toBe(true);
  expect(files.filter((file) => file.includes(".test."))).toEqual([]);
});

test("a run that has not saved anything begins again with the source as it is", async () => {
  const place = newFolder();
  writeFileSync(join(place, "index.ts"), "1;");
  const failing = { ...small, run: () => Promise.reject(new TypeError("a mistake")) };
  const options = { folder: join(place, "run"), source: join(place, "index.ts"), output: "quiet" } as const;
  await expect(runExperiment(failing, options)).rejects.toThrow("a mistake");
  writeFileSync(join(place, "index.ts"), "2;");
  await runExperiment(small, options);
  expect(readFrom(join(place, "run"), "run.json")).not.toHaveProperty("changes");
});
