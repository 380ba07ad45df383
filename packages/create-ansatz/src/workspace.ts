import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The root of Ansatz's own workspace, if a folder is in it. */
export function findWorkspace(folder = process.cwd()): string | undefined {
  const manifest = join(folder, "packages/core/package.json");
  if (existsSync(manifest)) {
    const { name } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly name?: string };
    return name === "@ansatz/core" ? folder : undefined;
  }
  return dirname(folder) === folder ? undefined : findWorkspace(dirname(folder));
}
