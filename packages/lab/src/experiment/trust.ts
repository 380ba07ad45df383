import { existsSync, realpathSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { RunError } from "../run-folder.ts";
import { entryOf, experimentNames, experimentsFolder } from "./find-experiment.ts";
import { upward } from "./run-record.ts";

/**
 * Refuses to import an experiment that only the files of a run or a sweep name: these files may be somebody else's. An
 * experiment of the workspace, of the package around the working folder, or of an installed package is the user's own.
 * `mend` tells how to run it all the same.
 *
 * @throws RunError
 */
export function checkTrust(file: string, folder: string, mend: string): void {
  if (isOwn(file) && !isInside(realpathSync(file), realpathSync(folder))) return;
  throw new RunError(
    `${folder} names the experiment ${file}, which is neither in this workspace nor in an installed package, ` +
      "or belongs to another user\n" +
      `  resuming would run that file; if you trust it, ${mend}`,
  );
}

/**
 * Whether an experiment's file is in the workspace, in the package around the working folder, or installed. These are
 * looked for in every folder above, and one that all users may write to (`/tmp`) may hold another user's: only what
 * belongs to this user or to the system counts.
 */
export function isOwn(file: string): boolean {
  const real = realpathSync(file);
  const place = experimentsFolder();
  const manifest = upward(process.cwd(), (above) => join(above, "package.json"));
  const entries = [
    ...(place !== undefined && belongsHere(place)
      ? experimentNames(place).map((name) => entryOf(join(place, name)))
      : []),
    ...(manifest !== undefined && belongsHere(manifest) ? [entryOf(dirname(manifest))] : []),
  ];
  return (
    (belongsHere(real) && entries.some((entry) => entry !== undefined && realpathSync(entry) === real)) ||
    installedPackages().some((packages) => isInside(real, packages))
  );
}

/** The folders `node_modules` from the working folder upward. */
function installedPackages(folder = process.cwd()): string[] {
  const path = join(folder, "node_modules");
  const own = existsSync(path) && belongsHere(path) ? [realpathSync(path)] : [];
  return dirname(folder) === folder ? own : [...own, ...installedPackages(dirname(folder))];
}

/** Whether a file or folder belongs to this user or to the system, where files have owners. */
function belongsHere(path: string): boolean {
  const user = process.getuid?.();
  return user === undefined || [user, 0].includes(statSync(path).uid);
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder + sep);
}
