import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { checkResults, describeChecked } from "../reproduce/check-results.ts";
import { changesBetween, provenanceOf, type Provenance } from "./provenance.ts";
import { folders } from "./testing.ts";

const newFolder = folders();
let root = "";

function put(path: string, content: string | object): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
}

/** Links a package of the workspace into another's node_modules, as pnpm does. */
function link(from: string, name: string, to: string): void {
  mkdirSync(dirname(join(root, from, "node_modules", name)), { recursive: true });
  symlinkSync(join(root, to), join(root, from, "node_modules", name), "junction");
}

const experiment = "experiments/adding";
const now = (backend = "quick"): Provenance => provenanceOf(join(root, experiment), backend);

// adding imports near, which imports far and an installed package; it declares idle, too, but does not import it.
beforeEach(() => {
  root = newFolder();
  const dependencies = {
    "@own/near": "workspace:*",
    "@own/idle": "workspace:*",
    "@ansatz/backend-quick": "workspace:*",
    "data-set": "2",
  };
  put(`${experiment}/package.json`, { name: "adding", type: "module", dependencies });
  put(`${experiment}/src/index.ts`, 'import { near } from "@own/near/deep";\nimport "./model.ts";');
  put(`${experiment}/src/model.ts`, "export {};");
  put("packages/near/package.json", { dependencies: { installed: "^1" }, peerDependencies: { "@own/far": "*" } });
  put(
    "packages/near/src/index.ts",
    'export { far } from "@own/far";\nconst load = () => import("installed");\n// import { idle } from "@own/idle";',
  );
  put("packages/far/package.json", {});
  put("packages/far/index.js", "export const far = 1;");
  put("packages/idle/package.json", {});
  put("packages/idle/src/index.ts", "");
  put("plugins/quick/package.json", { dependencies: { "@own/kernel": "workspace:*" } });
  put("plugins/quick/src/index.ts", 'import kernel from "@own/kernel";');
  put("packages/kernel/package.json", {});
  put("packages/kernel/src/index.ts", "");
  put("packages/near/node_modules/installed/package.json", { version: "1.2.3", dependencies: { other: "1" } });
  put("packages/near/node_modules/other/package.json", { version: "1.0.0", dependencies: { installed: "1" } });
  // read, but not imported
  put(`${experiment}/node_modules/data-set/package.json`, { version: "2.0.0", dependencies: { other: "2" } });
  put(`${experiment}/node_modules/data-set/node_modules/other/package.json`, { version: "2.1.0" });
  link(experiment, "@own/near", "packages/near");
  link(experiment, "@own/idle", "packages/idle");
  link(experiment, "@ansatz/backend-quick", "plugins/quick");
  link("packages/near", "@own/far", "packages/far");
  link("plugins/quick", "@own/kernel", "packages/kernel");
});

describe("what results depend on", () => {
  test("are the experiment's files, the packages that it imports, its backend and all on which these depend", () => {
    const { backend, packages, sources } = now();
    expect(backend).toBe("quick");
    expect(Object.keys(packages)).toEqual([
      "@ansatz/backend-quick",
      "@own/far",
      "@own/kernel",
      "@own/near",
      "data-set",
      "installed",
      "other",
    ]);
    expect(packages).toMatchObject({ installed: "1.2.3", other: "1.0.0 2.1.0" });
    expect(packages["@own/far"]).toMatch(/^[0-9a-f]{64}$/);
    expect(Object.keys(sources)).toEqual(["src/index.ts", "src/model.ts"]);
  });

  test.for([
    [["src/model.ts"], `${experiment}/src/model.ts`],
    [["src/new.ts"], `${experiment}/src/new.ts`],
    [["data.json"], `${experiment}/data.json`],
    [["src/weights.safetensors"], `${experiment}/src/weights.safetensors`],
    [["data/table.csv"], `${experiment}/data/table.csv`],
    [["kernel.wasm"], `${experiment}/kernel.wasm`],
    [["src/view.tsx"], `${experiment}/src/view.tsx`],
    [["src/results.json"], `${experiment}/src/results.json`],
    [["@own/near"], "packages/near/src/table.csv"],
    [["@own/near"], "packages/near/src/other.ts"],
    [["@own/far"], "packages/far/index.js"],
    [["@own/kernel"], "packages/kernel/src/index.ts"],
    [["@ansatz/backend-quick"], "plugins/quick/src/other.ts"],
    [[], `${experiment}/src/index.test.ts`],
    [[], `${experiment}/README.md`],
    [[], `${experiment}/results.json`],
    [[], `${experiment}/RESULTS.md`],
    [[], `${experiment}/results.svg`],
    [[], `${experiment}/.cache/data.bin`],
    [[], `${experiment}/dist/index.js`],
    [[], `${experiment}/runs/1/metrics.json`],
    [[], "packages/near/src/index.test.ts"],
    [[], "packages/near/README.md"],
    [[], "packages/near/reference/golden.json"],
    [[], "packages/idle/src/index.ts"],
  ] as const)("%j changes with %s", ([changed, path]) => {
    const before = now();
    put(path, "// changed");
    expect(changesBetween(before, now())).toEqual(changed);
  });

  test("change with a file that goes, a new version of an installed package, and another backend", () => {
    const before = now();
    rmSync(join(root, experiment, "src/model.ts"));
    put("packages/near/node_modules/installed/package.json", { version: "1.2.4" });
    put("packages/near/node_modules/other/package.json", { version: "1.0.1" });
    expect(changesBetween(before, now())).toEqual(["src/model.ts", "installed", "other"]);
    expect(changesBetween(now(), now("slow"))).toEqual([
      "@ansatz/backend-quick",
      "@own/kernel",
      "backend quick",
      "backend slow",
    ]);
  });
});

test("a package counts by its build if an import leads there, else by its sources", () => {
  put("packages/far/package.json", { type: "module", exports: "./dist/a.js" });
  put("packages/far/src/a.ts", "");
  const unbuilt = now();
  put("packages/far/dist/a.js", "export {};");
  const built = now();
  expect(changesBetween(unbuilt, built)).toEqual(["@own/far"]);
  put("packages/far/src/a.ts", "// changed");
  expect(changesBetween(built, now())).toEqual([]);
  put("packages/far/dist/chunk.js", "// changed");
  expect(changesBetween(built, now())).toEqual(["@own/far"]);
  // With the condition `source`, which these tests have, an import may lead to the sources although there is a build.
  put("packages/kernel/package.json", {
    type: "module",
    exports: { source: "./src/index.ts", default: "./dist/a.js" },
  });
  put("packages/kernel/dist/a.js", "export {};");
  const before = now();
  put("packages/kernel/dist/a.js", "// changed");
  expect(changesBetween(before, now())).toEqual([]);
  put("packages/kernel/src/index.ts", "// changed");
  expect(changesBetween(before, now())).toEqual(["@own/kernel"]);
});

test("a backend that is named by a path counts by its file and those that it imports", () => {
  put("mine/backend.js", 'import { kernel } from "./kernel.js";\nimport "./absent.js";\nexport { kernel };');
  put("mine/kernel.js", 'import "./backend.js";\nexport const kernel = 1;');
  put("mine/other.js", "");
  const backend = join(root, "mine/backend.js");
  const before = now(backend);
  put("mine/other.js", "// changed");
  expect(changesBetween(before, now(backend))).toEqual([]);
  for (const path of ["mine/kernel.js", "mine/backend.js"]) {
    const last = now(backend);
    put(path, "// changed");
    expect(changesBetween(last, now(backend))).toEqual([backend]);
  }
});

test("results are checked without running: current, stale and why, or none", async () => {
  const folder = join(root, experiment);
  const state = async () => describeChecked(await checkResults([folder]));
  expect(await state()).toBe("none  adding\n1 of 1 results are stale");
  put(`${experiment}/RESULTS.md`, "# Results");
  expect(await state()).toMatch(/^stale {2}adding {2}they do not say with what code they were measured\n/);
  put(`${experiment}/results.json`, { version: 1, code: now() });
  expect(await state()).toBe("current  adding\nall results are current");
  put("packages/far/index.js", "export const far = 2;");
  put(`${experiment}/src/model.ts`, "export const model = 1;");
  expect(await state()).toBe("stale  adding  src/model.ts, @own/far\n1 of 1 results are stale");
});
