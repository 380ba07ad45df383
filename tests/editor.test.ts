import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const file = join(root, "packages/core/src/editor.ts");
const text =
  'import { tensor } from "./index.ts";\nconst x = tensor([1]);\nx.log1p();\nx.where(1, 2);\nx.data("float32");\nx.';

/** What an editor knows of a text: the text is seen beside core's sources, and never written. */
function languageService(): ts.LanguageService {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(root, "tsconfig.base.json"),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => expect(diagnostic).toBeUndefined(),
    },
  );
  const read = (path: string) => (path === file ? text : ts.sys.readFile(path));
  return ts.createLanguageService({
    getCurrentDirectory: () => root,
    readDirectory: (...given) => ts.sys.readDirectory(...given),
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (path) => {
      const source = read(path);
      return source === undefined ? undefined : ts.ScriptSnapshot.fromString(source);
    },
    fileExists: (path) => path === file || ts.sys.fileExists(path),
    readFile: read,
    getCompilationSettings: () => ({ ...config!.options, types: [] }),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  });
}

test("an editor shows the documentation of a tensor's methods, and completes to mathematics", () => {
  const service = languageService();
  const documentation = (method: string) =>
    ts.displayPartsToString(service.getQuickInfoAtPosition(file, text.indexOf(`.${method}`) + 1)?.documentation);
  expect(documentation("log1p")).toContain("ln(1 + x)");
  expect(documentation("where")).toContain("Picks from `a` where the condition holds");
  expect(documentation("data")).toContain("The values in row-major order");
  const names = service.getCompletionsAtPosition(file, text.length, {})!.entries.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["where", "maximum", "minimum", "split", "log1p", "expandDims"]));
  for (const hidden of ["op", "inputs", "attributes", "source", "born", "walk", "parts", "body"])
    expect(names).not.toContain(hidden);
});
