/** Lists the public values of packages and plugins that no test of the package uses. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { StateError } from "../packages/core/src/index.ts";

const root = join(import.meta.dirname, "..");
const folders = [
  "packages/nn",
  "packages/optim",
  "packages/data",
  "packages/linalg",
  "packages/search",
  "plugins/data-lancedb",
  "plugins/data-pglite",
  "plugins/data-retrieval",
  "plugins/nn-attention",
  "plugins/nn-consolidation",
  "plugins/nn-moe",
  "plugins/nn-pointer",
  "plugins/nn-retrieval",
  "plugins/nn-state-space",
  "plugins/optim-ademamix",
  "plugins/optim-lion",
  "plugins/optim-normuon",
  "plugins/optim-soap",
  "plugins/optim-sophia",
  "plugins/parallel-mpi",
];

/** The values that an index exports, without types. */
function exportsOf(index: string): string[] {
  const source = ts.createSourceFile(index, readFileSync(index, "utf8"), ts.ScriptTarget.ESNext, true);
  return source.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || statement.isTypeOnly) return [];
    if (statement.exportClause === undefined)
      return exportsOf(join(dirname(index), (statement.moduleSpecifier as ts.StringLiteral).text));
    if (!ts.isNamedExports(statement.exportClause)) return [];
    return statement.exportClause.elements.filter((element) => !element.isTypeOnly).map((element) => element.name.text);
  });
}

/** The identifiers that a package's tests use, except in imports. */
function wordsOfTests(folder: string): Set<string> {
  const words = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (ts.isIdentifier(node)) words.add(node.text);
    ts.forEachChild(node, visit);
  };
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (path.endsWith(".test.ts"))
      visit(ts.createSourceFile(path, readFileSync(join(folder, path), "utf8"), ts.ScriptTarget.ESNext, true));
  }
  return words;
}

let count = 0;
const untested: string[] = [];
for (const folder of folders) {
  const source = join(root, folder, "src");
  if (!existsSync(source))
    throw new StateError(`there is no folder ${folder}\n  correct the list in scripts/check-tested.ts`);
  const words = wordsOfTests(source);
  for (const name of exportsOf(join(source, "index.ts"))) {
    count++;
    if (!words.has(name)) untested.push(`${folder}: ${name}`);
  }
}
console.log(`${count} public values of ${folders.length} packages, ${untested.length} without a test that names them`);
for (const name of untested) console.error(name);
process.exit(untested.length === 0 ? 0 : 1);
