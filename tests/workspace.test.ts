import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

interface Manifest {
  readonly name: string;
  readonly license: string;
  readonly sideEffects: boolean;
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

const folders = ["packages", "plugins"].flatMap((group) =>
  readdirSync(join(root, group)).map((name) => join(group, name)),
);

describe.each(folders)("%s", (folder) => {
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;

  test("is named after its folder and carries a readme and the licence", () => {
    const own = folder.split("/")[1]!;
    // `npm create ansatz` wants that name.
    expect(manifest.name).toBe(own === "create-ansatz" ? own : `@ansatz/${own}`);
    expect(manifest.license).toBe("MIT");
    // Core's entries install the methods of tensors: a bundler must keep them.
    const entries = ["**/index.*", "**/plugin.*"];
    expect(manifest.sideEffects).toEqual(folder === "packages/core" ? entries : false);
    for (const file of ["README.md", "LICENSE"]) expect(existsSync(join(root, folder, file)), file).toBe(true);
  });

  test("takes core from its user", () => {
    expect(manifest.dependencies?.["@ansatz/core"]).toBeUndefined();
    const peer = ["packages/core", "packages/create-ansatz"].includes(folder) ? undefined : ">=0.1 <1";
    expect(manifest.peerDependencies?.["@ansatz/core"]).toBe(peer);
  });
});

test("a package resolves to its source, without a build", async () => {
  const core = await import("@ansatz/core/plugin");
  expect(core.sizeOf([2, 3])).toBe(6);
});

test.each(["core", "create-ansatz"])("%s depends on nothing", (name) => {
  const manifest = JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")) as Manifest;
  expect(manifest.dependencies).toBeUndefined();
  expect(manifest.peerDependencies).toBeUndefined();
});

test("links between documents lead somewhere", () => {
  const within = (folder: string, name: string): string[] =>
    readdirSync(join(root, folder)).map((entry) => join(folder, entry, name));
  const pages = [
    "README.md",
    "CONTRIBUTING.md",
    ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((path) => join("docs", path)),
    ...["packages", "plugins", "experiments"].flatMap((folder) => within(folder, "README.md")),
    ...within("experiments", "RESULTS.md"),
    "experiments/README.md",
  ];
  const links = pages
    .filter((page) => page.endsWith(".md") && existsSync(join(root, page)))
    .flatMap((page) => {
      const text = readFileSync(join(root, page), "utf8").replaceAll(/```[^]*?```/g, "");
      return [...text.matchAll(/\]\((?![a-z]+:)([^)#\s]+)/g)].map(([, target]) => ({ page, target: target! }));
    });
  expect(links.length).toBeGreaterThan(100);
  expect(links.filter(({ page, target }) => !existsSync(join(root, page, "..", target)))).toEqual([]);
});
