import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");

/** A directory that is another's, without a copy; where links need rights, a junction does without. */
function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) symlinkSync(target, path, "junction");
}

/**
 * A workspace like this one in a temporary folder, in which the named packages (`packages/core`) are copies and may be
 * changed.
 */
export function copyWorkspace(copied: readonly string[]): string {
  const workspace = mkdtempSync(join(tmpdir(), "workspace-"));
  for (const name of ["tsconfig.base.json", "vitest.config.ts", "package.json", ".oxlintrc.json", "LICENSE"])
    cpSync(join(root, name), join(workspace, name));
  const modules = readdirSync(join(root, "node_modules")).map((name) => join("node_modules", name));
  for (const name of ["scripts", ...modules.filter((path) => statSync(join(root, path)).isDirectory())])
    link(join(root, name), join(workspace, name));
  for (const group of ["packages", "plugins", "experiments", "examples"]) {
    for (const name of readdirSync(join(root, group)).filter((entry) =>
      existsSync(join(root, group, entry, "package.json")),
    )) {
      const own = join(group, name);
      if (!copied.includes(own)) link(join(root, own), join(workspace, own));
      else
        for (const entry of ["src", "package.json", "tsconfig.json"])
          cpSync(join(root, own, entry), join(workspace, own, entry), { recursive: true });
    }
  }
  for (const own of copied) linkDependencies(workspace, own);
  return workspace;
}

/** What `pnpm install` does for a package, with packages of this workspace and what is installed already. */
export function linkDependencies(workspace: string, own: string): void {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(workspace, own, "package.json"), "utf8"),
  ) as Readonly<Record<"dependencies" | "devDependencies", Record<string, string> | undefined>>;
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    const inside = ["packages", "plugins"]
      .map((group) => join(workspace, group, name.replace("@ansatz/", "")))
      .find((path) => name.startsWith("@ansatz/") && existsSync(path));
    link(inside ?? join(root, own, "node_modules", name), join(workspace, own, "node_modules", name));
  }
}

/**
 * Runs a command in a folder of a copied workspace, as a script of a package would be; returns what it prints, or
 * throws it.
 */
export function runIn(folder: string, command: string): string {
  const kept = Object.entries(process.env).filter(
    ([variable]) => !/^(npm_|NODE_OPTIONS|NODE_ENV|VITEST)/i.test(variable),
  );
  const environment = {
    ...Object.fromEntries(kept),
    PATH: [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
    NO_COLOR: "1",
  };
  try {
    return execFileSync(command, { cwd: folder, encoding: "utf8", stdio: "pipe", shell: true, env: environment });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`"${command}" failed\n${stdout}\n${stderr}`, { cause: error });
  }
}
