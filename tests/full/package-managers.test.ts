/** What create-ansatz makes is installed, tested, run, packed and used as a user would, with each package manager. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packAll, run } from "../outside.ts";

const full = process.env["ANSATZ_TEST_FULL"] !== undefined;
const root = join(import.meta.dirname, "../..");
const place = mkdtempSync(join(tmpdir(), "package-managers-"));
const tarballs = join(place, "tarballs");

/** How npm runs each package manager, and what it packs a package into. */
const managers = {
  npm: { words: ["npm"], packed: "ansatz-optim-my-rule-0.1.0.tgz" },
  pnpm: { words: ["npm", "exec", "--yes", "pnpm@10", "--"], packed: "ansatz-optim-my-rule-0.1.0.tgz" },
  yarn: { words: ["npm", "exec", "--yes", "--package=@yarnpkg/cli-dist@4", "--", "yarn"], packed: "package.tgz" },
} as const;

beforeAll(() => {
  if (!full) return;
  packAll(tarballs);
  writeFolder("creator", { "package.json": "{}" });
  const packed = readdirSync(tarballs).find((name) => name.startsWith("create-ansatz-"))!;
  run("npm", ["install", "--no-audit", "--no-fund", join(tarballs, packed)], join(place, "creator"));
}, 900_000);
afterAll(() => rmSync(place, { recursive: true, force: true }), 120_000);

function writeFolder(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(place, name);
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return folder;
}

test.runIf(full).each(["npm", "pnpm", "yarn"] as const)(
  "with %s the experiment and the plugin pass their tests and run, and the plugin is used from its tarball",
  (name) => {
    const { words, packed } = managers[name];
    const manager = (folder: string, ...more: string[]): string => run(words[0], [...words.slice(1), ...more], folder);
    const empty = writeFolder(name, {});
    const command = join(place, "creator/node_modules/create-ansatz/dist/command.js");
    const started = run(process.execPath, [command, "my-research", "--tarballs", tarballs], empty, {
      npm_config_user_agent: `${name}/10`,
    });
    expect(started).toContain(`  cd my-research\n  `);
    expect(started).toContain(`${name} install\n  ${name} test\n`);
    const folder = join(empty, "my-research");
    if (name === "yarn") useVite(folder);

    manager(folder, "install");
    expect(manager(folder, "test")).toMatch(/Test Files {2}2 passed/);
    manager(folder, "run", "types");
    const dashes = name === "npm" ? ["--"] : [];
    expect(manager(folder, "run", "experiment", ...dashes, "rule-comparison", "--quick")).toMatch(
      /runs.rule-comparison.1: error 0\.\d+/,
    );

    // Others are created beside them, and become part of the workspace.
    run(process.execPath, [join(folder, "node_modules/@ansatz/lab/dist/command/index.js"), ...createLayer], folder);
    manager(folder, "install");
    expect(manager(folder, "test")).toMatch(/Test Files {2}3 passed/);

    const plugin = join(folder, "plugins/optim-my-rule");
    rmSync(join(plugin, "dist"), { recursive: true }); // packing builds it again
    manager(plugin, "pack");
    useTarball(`${name}-user`, join(plugin, packed), readFileSync(join(plugin, "README.md"), "utf8"));
  },
  600_000,
);

const createLayer = ["create", "plugin", "nn-gain"];

/** Yarn looks for optional dependencies on every platform: the newest Vite names one that not every registry has. */
function useVite(folder: string): void {
  const path = join(folder, "package.json");
  const manifest = JSON.parse(readFileSync(path, "utf8")) as { resolutions: Record<string, string> };
  const vite = /^ {2}vite@([\d.]+):$/m.exec(readFileSync(join(root, "pnpm-lock.yaml"), "utf8"))![1]!;
  writeFileSync(path, JSON.stringify({ ...manifest, resolutions: { ...manifest.resolutions, vite } }));
}

/** Installs a plugin's tarball as its README says, and runs the example there, under the condition `source`, too. */
function useTarball(name: string, tarball: string, readme: string): void {
  const [, example] = /```ts\n([^]*?)```/.exec(readme)!;
  const user = writeFolder(name, { "package.json": '{ "type": "module", "private": true }', "use.js": example! });
  const needed = [...readme.matchAll(/@ansatz\/([\w-]+)/g)].map(([, one]) => one!);
  const own = readdirSync(tarballs).filter((file) =>
    ["kernels", ...needed].some((one) => new RegExp(`^ansatz-${one}-\\d`).test(file)),
  );
  const paths = [tarball, ...own.map((file) => join(tarballs, file))];
  run("npm", ["install", "--no-audit", "--no-fund", ...paths], user);
  const installed = join(user, "node_modules/ansatz-optim-my-rule");
  expect(readdirSync(installed).toSorted()).toEqual(["LICENSE", "README.md", "dist", "package.json"]);
  expect(readFileSync(join(installed, "LICENSE"), "utf8")).toMatch(
    /^Copyright \(c\) \d{4} the authors of ansatz-optim-my-rule$/m,
  );
  for (const conditions of [[], ["--conditions=source"]]) run(process.execPath, [...conditions, "use.js"], user);
}
