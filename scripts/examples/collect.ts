import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import type { ExampleModule } from "./extracted.ts";
import { fromComments } from "./from-comments.ts";
import { fromMarkdown } from "./from-markdown.ts";

/**
 * All examples of the repository: those of documents, which run as they are, and those of doc comments, which run with
 * every public name in scope.
 */
export function collectExamples(root: string): { documents: ExampleModule[]; comments: ExampleModule[] } {
  const files = ["README.md", ...["packages", "plugins", "docs"].flatMap((folder) => filesIn(root, folder))];
  const markdown = files.filter(
    (path) =>
      /^(README\.md|(packages|plugins|packages\/create-ansatz\/templates)\/[^/]+\/README\.md|docs\/.*\.md)$/.test(
        path,
      ) && existsSync(join(root, path)),
  );
  const sources = files.filter((path) => /^(packages|plugins)\/[^/]+\/src\/.*(?<!\.test)\.ts$/.test(path));
  const read = (path: string): string => readFileSync(join(root, path), "utf8");
  const shared = ["packages/core", "packages/nn", "packages/optim", "plugins/backend-cpu"].map((folder) =>
    exportsOf(root, `${folder}/src/index.ts`),
  );
  return {
    documents: markdown.map((path) => fromMarkdown(path, read(path))).filter(({ count }) => count > 0),
    comments: sources
      .filter((path) => read(path).includes("@example"))
      .map((path) => {
        const own = [
          exportsOf(root, path),
          exportsOf(root, join(dirname(path).replace(/\/src\/.*$/, "/src"), "index.ts")),
        ];
        return fromComments(path, read(path), (words) => importsOf(words, [...shared, ...own]));
      }),
  };
}

/** The paths of a folder's files, to any depth, from the root. Links are not followed: packages link each other. */
function filesIn(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return ["node_modules", "dist"].includes(entry.name) ? [] : filesIn(root, path);
      return entry.isFile() ? [path] : [];
    })
    .toSorted();
}

interface Exports {
  readonly path: string;
  readonly names: ReadonlySet<string>;
}

const known = new Map<string, Exports>();

/** The names that a file exports, including those of `export *`. */
function exportsOf(root: string, path: string): Exports {
  const found = known.get(path) ?? { path, names: namesIn(join(root, path)) };
  known.set(path, found);
  return found;
}

function namesIn(path: string): Set<string> {
  const names = new Set<string>();
  if (!existsSync(path)) return names;
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ESNext, true);
  for (const statement of source.statements) {
    if (
      ts.isExportDeclaration(statement) &&
      statement.exportClause === undefined &&
      statement.moduleSpecifier !== undefined
    ) {
      for (const name of namesIn(join(dirname(path), (statement.moduleSpecifier as ts.StringLiteral).text)))
        names.add(name);
    } else if (
      ts.isExportDeclaration(statement) &&
      statement.exportClause !== undefined &&
      ts.isNamedExports(statement.exportClause)
    ) {
      for (const element of statement.exportClause.elements)
        if (!statement.isTypeOnly && !element.isTypeOnly) names.add(element.name.text);
    } else if (
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    ) {
      if (ts.isVariableStatement(statement))
        for (const { name } of statement.declarationList.declarations) names.add(name.getText());
      else if (
        (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) &&
        statement.name !== undefined
      )
        names.add(statement.name.text);
    }
  }
  return names;
}

/** Imports for the words that some module exports, each from the first module that does. */
function importsOf(words: ReadonlySet<string>, modules: readonly Exports[]): string {
  const taken = new Set<string>();
  const lines = ['import { example, result } from "../../../scripts/examples/recorder.ts";'];
  for (const { path, names } of modules) {
    const wanted = [...words].filter((word) => names.has(word) && !taken.has(word));
    for (const word of wanted) taken.add(word);
    if (wanted.length > 0) lines.push(`import { ${wanted.join(", ")} } from "../../../${path}";`);
  }
  return lines.join(" ");
}
