/** Who installs a published package with the oldest Node that it promises meets no warning of a dependency. */
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { satisfies } from "semver";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const promised = "20.19.0";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

/** The folder of a package as code in a folder would import it, if it is installed. */
function installed(from: string, name: string): string | undefined {
  const folder = join(from, "node_modules", name);
  if (existsSync(join(folder, "package.json"))) return realpathSync(folder);
  return dirname(from) === from ? undefined : installed(dirname(from), name);
}

/** The manifests of a package and of all that is installed with it, by their folders. */
function reached(folder: string, found = new Map<string, Manifest>()): ReadonlyMap<string, Manifest> {
  if (found.has(folder)) return found;
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  found.set(folder, manifest);
  const { dependencies, optionalDependencies, peerDependencies } = manifest;
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
    const other = installed(folder, name);
    if (other !== undefined) reached(other, found);
  }
  return found;
}

test(`no dependency of a published package refuses Node ${promised}`, () => {
  const found = new Map<string, Manifest>();
  for (const group of ["packages", "plugins"])
    for (const name of readdirSync(join(root, group))) reached(join(root, group, name), found);
  // What is reached includes dependencies of dependencies, such as those of vega.
  expect([...found.values()].map(({ name }) => name)).toContain("vega-dataflow");
  const refusing = [...found]
    .filter(([, { engines }]) => engines?.node !== undefined && !satisfies(promised, engines.node))
    .map(([folder, { name, version, engines }]) => `${name} ${version}: ${engines!.node} (${relative(root, folder)})`);
  expect(refusing).toEqual([]);
});
