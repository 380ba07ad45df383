import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { writing } from "@ansatz/data";
import { upward } from "../experiment/run-record.ts";
import { UsageError } from "../settings.ts";

/** Files by their paths in a package. */
export type Files = Readonly<Record<string, string>>;

/** Ansatz's own workspace, with what its packages have in common. */
export interface Workspace {
  readonly root: string;
  readonly license: string;
  /** Of core's package.json: author and repository. */
  readonly author: string;
  readonly repository: { readonly type: string; readonly url: string };
}

/** The workspace around the working folder, where core is a package of it. */
export function findWorkspace(): Workspace | undefined {
  const manifest = upward(process.cwd(), (above) => join(above, "packages/core/package.json"));
  if (manifest === undefined) return undefined;
  const { name, author, repository } = JSON.parse(readFileSync(manifest, "utf8")) as Record<string, unknown>;
  if (name !== "@ansatz/core") return undefined;
  const root = dirname(dirname(dirname(manifest)));
  const { type, url } = repository as Workspace["repository"];
  return {
    root,
    license: readFileSync(join(root, "LICENSE"), "utf8"),
    author: author as string,
    repository: { type, url },
  };
}

/** Versions of the published packages that scaffolds stand on. */
export const published = {
  ansatz: ">=0.1 <1",
  vitest: "^4.1.12",
  typescript: "5.9.3",
  tsup: "^8.5.1",
  nodeTypes: "^20.19.0",
} as const;

/** A version of a package of Ansatz: the workspace's own, or a published one. */
export function versionOf(workspace: Workspace | undefined): string {
  return workspace === undefined ? published.ansatz : "workspace:*";
}

/** The compiler's settings of a package: the workspace's, or the same spelled out. */
export function compilerSettings(workspace: Workspace | undefined): string {
  const own = {
    target: "ES2023",
    module: "preserve",
    moduleResolution: "bundler",
    types: ["node"],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    skipLibCheck: true,
  };
  return json(
    workspace === undefined
      ? { compilerOptions: own, include: ["src"] }
      : { extends: "../../tsconfig.base.json", include: ["src"] },
  );
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Writes a new package into a group of the workspace, or of the working folder; returns its folder.
 * @throws UsageError when it exists; WriteError
 */
export async function write(
  group: string,
  name: string,
  files: Files,
  workspace: Workspace | undefined,
): Promise<string> {
  const folder = join(workspace?.root ?? process.cwd(), group, name);
  const shown = relative("", folder);
  if (existsSync(folder)) throw new UsageError(`${shown} exists already\n  choose another name`);
  for (const [path, content] of Object.entries(files)) {
    const whole = join(folder, path);
    await writing(whole, async () => {
      await mkdir(dirname(whole), { recursive: true });
      await writeFile(whole, content);
    });
  }
  return shown;
}
