import { jsonText, mapFiles, readFiles, type Files } from "./files.ts";

/** The versions of what packages outside Ansatz's workspace depend on. */
const versions = {
  ansatz: ">=0.1 <1",
  tools: { "@types/node": "^20.19.0", typescript: "5.9.3", vitest: "^4.1.12" },
  tsup: "^8.5.1",
} as const;

interface Manifest {
  [field: string]: unknown;
  name: string;
  publishConfig?: { readonly access: string; readonly exports: unknown };
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/**
 * A template as a package outside Ansatz's workspace. It depends on the published packages, and has its own compiler
 * settings and commands. A plugin is named `ansatz-optim-…`, and is built when it is packed: its exports name the build
 * alone, since npm publishes them as they are.
 */
export function outside(files: Files): Files {
  const { name: before } = JSON.parse(files["package.json"]!) as Manifest;
  const experiment = /^@ansatz\/experiment-(.*)$/.exec(before)?.[1];
  const name = experiment ?? before.replace("@ansatz/", "ansatz-");
  return mapFiles(files, (text, path) => {
    if (path === "LICENSE")
      return text.replace(/^Copyright .*$/m, `Copyright (c) ${new Date().getFullYear()} the authors of ${name}`);
    if (path === "tsconfig.json") return compilerSettings();
    const named = text.replaceAll(before, name).replaceAll(/@ansatz\/(optim-my-rule)/g, "ansatz-$1");
    if (path === "package.json") return manifest(named);
    return named
      .replaceAll(`npx pnpm@10 experiment ${name}`, "npm run experiment --")
      .replaceAll(`npx pnpm@10 reproduce ${name}`, "npm run reproduce");
  });
}

function compilerSettings(): string {
  const settings = JSON.parse(readFiles("starter")["tsconfig.json"]!) as Record<string, unknown>;
  return jsonText({ ...settings, include: ["src"] });
}

function manifest(text: string): string {
  const own = JSON.parse(text) as Manifest;
  for (const field of ["author", "repository"]) delete own[field];
  own["scripts"] = { experiment: "ansatz run .", reproduce: "ansatz reproduce .", types: "tsc", test: "vitest run" };
  if (own.publishConfig !== undefined) {
    const { access, exports } = own.publishConfig;
    delete own["private"];
    Object.assign(own, { exports, publishConfig: { access } });
    const build = "tsup src/index.ts --format esm --dts --clean";
    own["scripts"] = { build, prepack: "npm run build", types: "tsc", test: "vitest run" };
    own.devDependencies = { ...own.devDependencies, tsup: versions.tsup };
  }
  if (own.dependencies !== undefined) own.dependencies = published(own.dependencies);
  own.devDependencies = published({ ...own.devDependencies, ...versions.tools });
  return jsonText(own);
}

/** Dependencies with published versions instead of the workspace's, in order. */
function published(dependencies: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(dependencies).map(
    ([name, version]) => [name, version.startsWith("workspace:") ? rangeOf(name) : version] as const,
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The versions of a package that fit: of Ansatz's, or of one that was created beside it. */
function rangeOf(name: string): string {
  return name.startsWith("@ansatz/") ? versions.ansatz : "^0.1.0";
}
