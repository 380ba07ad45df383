/** Lists the lines of the repository's text files that are wider than 120 columns. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const widest = 120;

/** Files that programs write: the lock file, measured results, pictures, fixtures and goldens. */
const generated =
  /(^|\/)(pnpm-lock\.yaml|RESULTS\.md|results\.json|goldens\/.*)$|^experiments\/README\.md$|\.(svg|csv|safetensors)$/;

/** Lines that cannot be broken: rows of a table in markdown, and lines that hold one link or one URL only. */
function isUnbreakable(path: string, line: string): boolean {
  if (path.endsWith(".md") && line.trimStart().startsWith("|")) return true;
  return /^\s*(?:(?:[-*]|\/\/|#|\d+\.) )?(?:!?\[[^\]]*\]\([^)]*\)[.,;]?|<?https?:\/\/\S+)$/.test(line);
}

const { stdout } = spawnSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 });
const paths = stdout.split("\0").filter((path) => path !== "" && !generated.test(path) && existsSync(join(root, path)));
const wide: string[] = [];
for (const path of paths) {
  const text = readFileSync(join(root, path), "utf8");
  if (text.includes("\0")) continue; // a binary file
  for (const [i, line] of text.split("\n").entries()) {
    const columns = [...line].length;
    if (columns > widest && !isUnbreakable(path, line)) wide.push(`${path}:${i + 1}  ${columns} columns`);
  }
}
console.log(`${paths.length} files, ${wide.length} lines wider than ${widest} columns`);
for (const place of wide) console.error(place);
process.exit(wide.length === 0 ? 0 : 1);
