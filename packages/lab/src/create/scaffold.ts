import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { writing } from "@ansatz/data";
import { upward } from "../experiment/run-record.ts";
import { UsageError } from "../settings.ts";

/** Files by their paths in a package. */
export type Files = Readonly<Record<string, string>>;

/** Ansatz's own workspace, and what its packages have in common. */
export interface Workspace {
  readonly root: string;
  readonly license: string;
  /** The author and the repository in core's package.json. */
  readonly author: string;
  readonly repository: { readonly type: string; readonly url: string };
}

/** The workspace around the working folder, if it is Ansatz's own. */
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

/** Versions of the published packages on which scaffolds depend. */
export const published = {
  ansatz: ">=0.1 <1",
  vitest: "^4.1.12",
  typescript: "5.9.3",
  tsup: "^8.5.1",
  nodeTypes: "^20.19.0",
} as const;

/** The version to depend on for a package of Ansatz: the workspace's own, or a published one. */
export function versionOf(workspace: Workspace | undefined): string {
  return workspace === undefined ? published.ansatz : "workspace:*";
}

/** The tsconfig.json of a package: it extends the workspace's, or spells out the same options. */
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
 * Writes a new package to a group folder of the workspace, or of the working folder, and returns its path.
 * @throws UsageError if it exists; WriteError
 */
export async function write(
  group: string,
  name: string,
  files: Files,
  workspace: Workspace | undefined,
): Promise<string> {
  const folder = join(workspace?.root ?? process.cwd(), group, name);
  const shown = relative("", folder);
  if (existsSync(folder)) throw new UsageError(`${shown} already exists\n  choose another name`);
  for (const [path, content] of Object.entries(files)) {
    const whole = join(folder, path);
    await writing(whole, async () => {
      await mkdir(dirname(whole), { recursive: true });
      await writeFile(whole, content);
    });
  }
  return shown;
}
