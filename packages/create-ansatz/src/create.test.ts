import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CreateError, createExperiment, createPlugin, pluginKinds, startResearch } from "./index.ts";

const root = join(import.meta.dirname, "../../..");
const before = process.cwd();
let place = "";

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "create-"));
  process.chdir(place);
});
afterEach(() => {
  process.chdir(before);
  rmSync(place, { recursive: true, force: true });
});

type Manifest = Readonly<Record<string, Readonly<Record<string, string>>>>;
const text = (path: string): string => readFileSync(join(place, path), "utf8");
const manifest = (path: string): Manifest => JSON.parse(text(`${path}/package.json`)) as Manifest;

test.each(pluginKinds)(
  "a plugin of the kind %s is named after what it is, and is published as it is built",
  async (kind) => {
    const { folder, commands } = await createPlugin(kind, "sign-descent");
    expect(folder).toBe(join("plugins", `${kind}-sign-descent`));
    expect(commands).toEqual([`cd ${folder}`, "npm install", "npm test"]);
    const { name, exports, files, scripts, license } = manifest(folder);
    expect({ name, exports, files, license }).toEqual({
      name: `ansatz-${kind}-sign-descent`,
      exports: { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } },
      files: ["dist"],
      license: "MIT",
    });
    expect(manifest(folder)).not.toHaveProperty("private");
    expect(scripts).toMatchObject({ prepack: "npm run build", build: expect.stringContaining("tsup src/index.ts") });
    expect(text(`${folder}/LICENSE`)).toContain(`the authors of ansatz-${kind}-sign-descent\n`);
    for (const path of ["README.md", "src/index.ts", "src/index.test.ts", "package.json", "tsconfig.json"]) {
      expect(text(`${folder}/${path}`)).not.toMatch(/my-|my[A-Z]|My[A-Z]|workspace:|\.\.\/\.\./);
    }
    expect(text(`${folder}/src/index.ts`)).toMatch(/export (const|function|class) [sS]ignDescent\b/);
    expect(text(`${folder}/README.md`)).toContain(`} from "ansatz-${kind}-sign-descent";`);
  },
);

test("an experiment runs by commands of its own", async () => {
  const { folder, commands } = await createExperiment("sine-wave");
  expect(commands).toEqual([`cd ${folder}`, "npm install", "npm test", "npm run experiment"]);
  expect(manifest(folder)).toMatchObject({ name: "sine-wave", private: true, scripts: { experiment: "ansatz run ." } });
  expect(text(`${folder}/README.md`)).toContain("npm run experiment -- --width 8\nnpm run reproduce ");
});

test("what is created outside depends on the versions that the workspace has", async () => {
  const catalog = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8");
  const inCatalog = (name: string): string =>
    new RegExp(`^ {2}"?${name}"?: \\^?(\\S+)$`, "m").exec(catalog)?.[1] ?? `${name} is not in the catalog`;
  const { peerDependencies } = JSON.parse(readFileSync(join(root, "packages/nn/package.json"), "utf8")) as Manifest;
  await startResearch("my-research");
  const folders = ["my-research", "my-research/plugins/optim-my-rule", "my-research/experiments/rule-comparison"];
  for (const folder of folders) {
    const { dependencies, devDependencies } = manifest(folder);
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      if (name.startsWith("@ansatz/")) expect(version, name).toBe(peerDependencies!["@ansatz/core"]);
      else if (name !== "ansatz-optim-my-rule") expect(version.replace("^", ""), name).toBe(inCatalog(name));
    }
  }
});

test("names that cannot be used, and those that are taken, are refused", async () => {
  await expect(createExperiment("Sine")).rejects.toThrow(/"Sine" isn't a valid name .*\n {2}begin with a letter/);
  await expect(createPlugin("optim", "1cycle")).rejects.toThrow(CreateError);
  await expect(createPlugin("optim", "default")).rejects.toThrow(
    /"default" would be called default in code, which JavaScript refuses\n {2}choose another name/,
  );
  // Imported by the code, and a variable of the test.
  for (const [kind, name] of [
    ["optim", "zeros-like"],
    ["data", "row"],
    ["backend", "cpu"],
  ] as const)
    await expect(createPlugin(kind, name)).rejects.toThrow(/would be called \w+ in code, .* for something else/);
  await createExperiment("sine-wave");
  await expect(createExperiment("sine-wave")).rejects.toThrow(
    `${join("experiments", "sine-wave")} already exists\n  choose another name`,
  );
  mkdirSync("taken");
  await expect(startResearch("taken")).rejects.toThrow("taken already exists");
});

test.each(["npm", "pnpm", "yarn"] as const)("a folder for research has what %s wants", async (manager) => {
  const { commands } = await startResearch("new-idea", { manager });
  const run = manager === "npm" ? "npm run experiment -- rule-comparison" : `${manager} experiment rule-comparison`;
  expect([commands[0], ...commands.slice(2)]).toEqual(["cd new-idea", `${manager} test`, run]);
  expect(commands[1]).toMatch(new RegExp(`^(ONNXRUNTIME_NODE_INSTALL=skip )?${manager} install$`));
  expect(manifest("new-idea")).toMatchObject({ name: "new-idea", workspaces: ["experiments/*", "plugins/*"] });
  expect(existsSync("new-idea/pnpm-workspace.yaml")).toBe(manager === "pnpm");
  expect(existsSync("new-idea/.yarnrc.yml")).toBe(manager === "yarn");
  expect(text("new-idea/.gitignore")).toContain("node_modules/");
  expect(text("new-idea/README.md")).toMatch(/^# new-idea\n/);
  expect(text("new-idea/experiments/rule-comparison/src/index.ts")).toContain('from "ansatz-optim-my-rule"');
});

test("packages are taken from tarballs if it is told where they are", async () => {
  mkdirSync("packed");
  await expect(startResearch("a", { tarballs: "nowhere" })).rejects.toThrow(/nowhere cannot be read: ENOENT/);
  await expect(startResearch("a", { tarballs: "packed" })).rejects.toThrow(
    /packed holds no packages of Ansatz\n {2}make them in a clone of Ansatz: npx pnpm@10 tarballs FOLDER/,
  );
  for (const name of ["ansatz-core-0.1.0.tgz", "ansatz-lab-0.1.0.tgz", "create-ansatz-0.1.0.tgz", "notes.txt"])
    writeFileSync(join("packed", name), "");
  await startResearch("a", { tarballs: "packed" });
  const { overrides, resolutions, devDependencies } = manifest("a");
  expect(overrides).toEqual({
    "@ansatz/core": `file:${join(process.cwd(), "packed/ansatz-core-0.1.0.tgz")}`,
    "@ansatz/lab": `file:${join(process.cwd(), "packed/ansatz-lab-0.1.0.tgz")}`,
    "create-ansatz": `file:${join(process.cwd(), "packed/create-ansatz-0.1.0.tgz")}`,
  });
  expect(resolutions).toEqual(overrides);
  expect(devDependencies!["@ansatz/lab"]).toBe(overrides!["@ansatz/lab"]);
});
