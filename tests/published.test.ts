import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { changeLines, filesOf, readGuide } from "./guide.ts";
import { packAll, run } from "./outside.ts";

const root = join(import.meta.dirname, "..");
const place = mkdtempSync(join(tmpdir(), "published-"));
const tarballs = join(place, "tarballs");
const user = join(place, "user");

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

const folders = ["packages", "plugins"].flatMap((group) =>
  readdirSync(join(root, group)).map((name) => join(root, group, name)),
);
const names = folders.map(
  (folder) => (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name: string }).name,
);

beforeAll(() => {
  mkdirSync(user);
  packAll(tarballs);
  writeFile("package.json", JSON.stringify({ name: "user", private: true, type: "module" }));
  const files = readdirSync(tarballs).map((name) => join(tarballs, name));
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...files, "@types/node@20"], user);
}, 400_000);

afterAll(() => rmSync(place, { recursive: true, force: true }), 400_000);

function writeFile(name: string, text: string): void {
  writeFileSync(join(user, name), text);
}

test("every package is installed as it will be published, and none twice", () => {
  expect(readdirSync(join(user, "node_modules/@ansatz")).toSorted()).toEqual(
    names.flatMap((name) => name.split("/")[1] ?? []).toSorted(),
  );
  for (const name of names) {
    const manifest = readFileSync(join(user, "node_modules", name, "package.json"), "utf8");
    expect(manifest).not.toContain('"workspace:');
    expect(manifest).not.toContain('"catalog:');
    expect(manifest).not.toContain('"./src/');
    expect(
      readdirSync(join(user, "node_modules", name))
        .filter((file) => file !== "node_modules")
        .toSorted(),
    ).toEqual(
      ["LICENSE", "README.md", "package.json", ...(JSON.parse(manifest) as { files: string[] }).files]
        .filter((file) => !file.startsWith("!"))
        .toSorted(),
    );
  }
});

test("every package can be imported", () => {
  const imported = names.filter((name) => name !== "@ansatz/testkit"); // that one is imported by tests only
  writeFile("imports.js", imported.map((name) => `import ${JSON.stringify(name)};`).join("\n"));
  expect(run(process.execPath, ["imports.js"], user)).toBe("");
});

test("a training program type-checks, runs on both backends, and learns", () => {
  copyFileSync(join(import.meta.dirname, "published/train.ts"), join(user, "train.ts"));
  const options = { module: "nodenext", target: "es2023", strict: true, types: ["node"], skipLibCheck: true };
  writeFile("tsconfig.json", JSON.stringify({ compilerOptions: options, files: ["train.ts"] }));
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."], user);
  const losses = run(process.execPath, ["train.js"], user)
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  expect(losses.map(([backend]) => backend)).toEqual(["cpu", "onnx"]);
  for (const [, loss] of losses) expect(Number(loss)).toBeLessThan(0.01);
}, 120_000);

test("docs/compose.md: each component is one changed line, and the model trains with all of them", () => {
  const guide = readGuide("compose.md");
  const changes = [...guide.matchAll(/^```diff\n([^]*?)^```$/gm)].map(([, diff]) => diff!);
  expect(changes).toHaveLength(6);
  const programs = changes.reduce(
    (versions, diff) => [...versions, changeLines(versions.at(-1)!, diff)],
    [filesOf(guide).get("composed.ts")!],
  );
  const names = programs.map((_, count) => `composed-${count}`);
  for (const [i, name] of names.entries()) writeFile(`${name}.ts`, programs[i]!);
  const compilerOptions = { module: "nodenext", target: "es2023", strict: true, noEmit: true, types: ["node"] };
  writeFile("tsconfig.json", JSON.stringify({ compilerOptions, files: names.map((name) => `${name}.ts`) }));
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."], user);
  const losses = names.map((name) => {
    const words = [join(user, "node_modules/@ansatz/lab/dist/command/index.js"), "run", `${name}.ts`, "--quick"];
    run(process.execPath, [...words, "--quiet"], user);
    const result = readFileSync(join(user, "runs", name, "1/result.json"), "utf8");
    return (JSON.parse(result) as { validationLoss: number }).validationLoss;
  });
  expect(new Set(losses).size).toBe(losses.length); // each change is felt
  for (const loss of losses) expect(loss).toBeLessThan(Math.log(89));
}, 240_000);

test("the command ansatz makes an experiment and a plugin that pass their tests, and runs the experiment", () => {
  const ansatz = (...words: string[]): string =>
    run(process.execPath, [join(user, "node_modules/@ansatz/lab/dist/command/index.js"), ...words], user);
  expect(readFileSync(join(user, "node_modules/@ansatz/lab/package.json"), "utf8")).toContain(
    '"ansatz": "./dist/command/index.js"',
  );
  for (const command of ["run", "reproduce", "create", "list"]) expect(ansatz("--help")).toContain(command);
  expect(ansatz("create", "experiment", "sine-wave")).toContain("npm run experiment");
  ansatz("create", "plugin", "optim-sign-descent");
  for (const folder of ["experiments/sine-wave", "plugins/optim-sign-descent"]) {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(user, folder, "package.json"), "utf8"),
    ) as Manifest;
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      expect(version, name).toMatch(/^[\^>]?=?\d/);
    expect(
      run(
        process.execPath,
        [join(user, "node_modules/vitest/vitest.mjs"), "run", "--reporter=json"],
        join(user, folder),
      ),
    ).toContain('"success":true');
    run(process.execPath, [join(root, "node_modules/typescript/bin/tsc")], join(user, folder));
  }
  const { installed } = JSON.parse(ansatz("backends", "--json")) as {
    installed: readonly { name: string; works: boolean }[];
  };
  expect(installed.filter(({ works }) => works).map(({ name }) => name)).toEqual(
    expect.arrayContaining(["onnx", "wasm", "cpu"]),
  );
  expect(ansatz("list")).toBe("sine-wave  How closely does a small network follow a sine?\n");
  expect(ansatz("run", "sine-wave", "--quick", "--quiet")).toMatch(/^runs.sine-wave.1: largestError \d\.\d+\n$/);
  expect(JSON.parse(readFileSync(join(user, "runs/sine-wave/1/run.json"), "utf8"))).toMatchObject({
    experiment: "sine-wave",
    backend: "onnx",
    packages: { "@ansatz/lab": expect.stringMatching(/^\d/), "onnxruntime-node": expect.stringMatching(/^\d/) },
  });
}, 240_000);
