import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/** The folders of core: values are imported from the same folder, or from one that stands before it. */
const rooms = ["contract", "graph", "ops", "random", "gradient", "loop", "program", "run", "training"];
const source = join(import.meta.dirname, "../packages/core/src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
const roomOf = (path: string): string => path.split("/")[0]!;

/** The files that a file imports or exports values from; types may come from anywhere. */
function valueImports(path: string): string[] {
  const parsed = ts.createSourceFile(path, readFileSync(join(source, path), "utf8"), ts.ScriptTarget.ESNext);
  return parsed.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier } = statement;
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
    if (!moduleSpecifier.text.startsWith(".") || onlyTypes(statement)) return [];
    return [normalize(join(dirname(path), moduleSpecifier.text))];
  });
}

function onlyTypes(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly;
  const clause = statement.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  if (clause.name !== undefined) return false;
  const names = clause.namedBindings;
  return names !== undefined && ts.isNamedImports(names) && names.elements.every((element) => element.isTypeOnly);
}

describe("core", () => {
  test("has no file outside its rooms but the two surfaces and what installs methods", () => {
    const outside = files.filter((path) => !rooms.includes(roomOf(path)));
    expect(outside.toSorted()).toEqual(["index.ts", "install.ts", "plugin.ts"]);
  });

  test("has at most 16 files in a folder", () => {
    const counts = new Map<string, number>();
    for (const path of files) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > 16)).toEqual([]);
  });

  test.each(rooms)("imports no values from later rooms: %s", (room) => {
    const upwards = files
      .filter((path) => roomOf(path) === room && !path.endsWith(".test.ts"))
      .flatMap((path) => valueImports(path).map((imported) => [path, imported] as const))
      .filter(([, imported]) => !rooms.slice(0, rooms.indexOf(room) + 1).includes(roomOf(imported)));
    expect(upwards).toEqual([]);
  });
});
