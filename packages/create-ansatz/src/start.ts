import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { CreateError } from "./create-error.ts";
import type { Created } from "./create.ts";
import { jsonText, mapFiles, readFiles, within, writeFiles, type Files } from "./files.ts";
import { checkName } from "./names.ts";
import { outside } from "./outside.ts";

/** The programs that install packages. */
export type PackageManager = "npm" | "pnpm" | "yarn";

/** Files that a package manager wants besides package.json. */
const settingsOf: Readonly<Record<PackageManager, Files>> = {
  npm: {},
  pnpm: {
    "pnpm-workspace.yaml": `packages:
  - experiments/*
  - plugins/*

linkWorkspacePackages: true

allowBuilds:
  esbuild: true
  onnxruntime-node: false
`,
  },
  yarn: { ".yarnrc.yml": "nodeLinker: node-modules\n" },
};

/**
 * Starts a folder for research: one workspace with an update rule as a plugin, an experiment that compares it with
 * AdamW, and the tests of both. With `tarballs`, a folder, Ansatz's packages are installed from what is packed there.
 *
 * @throws CreateError if the name cannot be used or is taken, or there are no packages in the folder
 */
export async function startResearch(
  name: string,
  { manager = "npm", tarballs }: { readonly manager?: PackageManager; readonly tarballs?: string | undefined } = {},
): Promise<Created> {
  checkName(name, "my-research");
  const starter = mapFiles(readFiles("starter"), (text) => text.replaceAll("my-research", name));
  const { gitignore, "package.json": manifest, ...rest } = starter;
  const experiment = mapFiles(outside(readFiles("templates/experiment-rule-comparison")), (text, path) =>
    path === "package.json" ? withScripts(text, { types: "tsc", test: "vitest run" }) : text,
  );
  const folder = await writeFiles(resolve(name), {
    ...rest,
    ".gitignore": gitignore!, // npm packs no file of that name
    "package.json": tarballs === undefined ? manifest! : withTarballs(manifest!, tarballs),
    ...settingsOf[manager],
    ...within("experiments/rule-comparison", experiment),
    ...within("plugins/optim-my-rule", outside(readFiles("templates/optim-my-rule"))),
  });
  const run = manager === "npm" ? "npm run experiment --" : `${manager} experiment`;
  return {
    folder,
    commands: [
      `cd ${folder}`,
      `${withoutCuda(manager)}${manager} install`,
      `${manager} test`,
      `${run} rule-comparison`,
    ],
  };
}

/** onnxruntime-node would download libraries for NVIDIA's GPUs there; pnpm and a current npm do not let it. */
function withoutCuda(manager: PackageManager): string {
  return process.platform === "linux" && process.arch === "x64" && manager !== "pnpm"
    ? "ONNXRUNTIME_NODE_INSTALL=skip "
    : "";
}

/** A manifest with these scripts alone: the workspace's build the plugin before they run an experiment. */
function withScripts(text: string, scripts: Readonly<Record<string, string>>): string {
  return jsonText({ ...(JSON.parse(text) as object), scripts });
}

/** A manifest that takes every package of Ansatz from a folder of tarballs, also for other packages that need it. */
function withTarballs(text: string, folder: string): string {
  const files = tarballsIn(resolve(folder));
  const manifest = JSON.parse(text) as { devDependencies: Record<string, string> };
  for (const name of Object.keys(manifest.devDependencies)) {
    const file = files[name];
    if (file !== undefined) manifest.devDependencies[name] = file;
  }
  // npm reads the first, pnpm and yarn read the second.
  return jsonText({ ...manifest, overrides: files, resolutions: files });
}

/** The packed packages in a folder: `ansatz-core-0.1.0.tgz` is that of `@ansatz/core`. */
function tarballsIn(folder: string): Record<string, string> {
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new CreateError(`the folder ${folder} cannot be read: ${(error as Error).message}\n  name another folder`);
  }
  const found = names.flatMap((file) => {
    const [, name] = /^(.+)-\d+\.\d+\.\d+[^/]*\.tgz$/.exec(file) ?? [];
    if (name === undefined) return [];
    return [[name.replace(/^ansatz-/, "@ansatz/"), `file:${resolve(folder, file)}`] as const];
  });
  if (!found.some(([name]) => name === "@ansatz/core"))
    throw new CreateError(
      `${folder} holds no packages of Ansatz\n  make them in a clone of Ansatz: npx pnpm@10 tarballs FOLDER`,
    );
  return Object.fromEntries(found);
}
