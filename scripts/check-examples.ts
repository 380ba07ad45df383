/** Type-checks and runs all examples of the documentation: ts blocks of markdown and `@example`s of doc comments. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { cpu } from "../plugins/backend-cpu/src/index.ts";
import { use } from "../packages/core/src/index.ts";
import { collectExamples } from "./examples/collect.ts";
import type { ExampleModule } from "./examples/extracted.ts";
import { compared, takeExamples } from "./examples/recorder.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "tests/.cache/examples"); // under tests/, whose dependencies are all packages
const failures: string[] = [];

function fileOf({ document }: ExampleModule): string {
  return join(folder, `${document.replaceAll("/", "__")}.ts`);
}

function fail(place: string, error: unknown): void {
  failures.push(`${place}  ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
}

function checkTypes(modules: readonly ExampleModule[]): void {
  const configuration = ts.getParsedCommandLineOfConfigFile(
    join(root, "tsconfig.base.json"),
    { noUnusedLocals: false, noUnusedParameters: false },
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) =>
        fail("tsconfig.base.json", ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n")),
    },
  );
  const documents = new Map(modules.map((module) => [fileOf(module), module.document]));
  const program = ts.createProgram([...documents.keys()], {
    ...configuration?.options,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
    typeRoots: [join(root, "node_modules/@types")],
  });
  for (const { file, start, messageText } of ts.getPreEmitDiagnostics(program)) {
    const place =
      file === undefined
        ? ""
        : `${documents.get(file.fileName) ?? relative(root, file.fileName)}:${lineOf(file, start ?? 0)}`;
    fail(place, ts.flattenDiagnosticMessageText(messageText, "\n"));
  }
}

function lineOf(file: ts.SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line + 1;
}

async function runComments(module: ExampleModule): Promise<void> {
  await use(cpu());
  await import(pathToFileURL(fileOf(module)).href);
  for (const { line, run } of takeExamples())
    await run().catch((error: unknown) => fail(`${module.document}:${line}`, error));
}

/** Runs a document as one program, and finds the line on which it fails. */
async function runDocument(module: ExampleModule): Promise<void> {
  try {
    await import(pathToFileURL(fileOf(module)).href);
  } catch (error) {
    const name = module.document.replaceAll("/", "__").replaceAll(".", "\\.");
    const [, line] =
      new RegExp(`${name}\\.ts[^:]*:(\\d+)`).exec(error instanceof Error ? (error.stack ?? "") : "") ?? [];
    fail(`${module.document}${line === undefined ? "" : `:${line}`}`, error);
  }
}

const { documents, comments } = collectExamples(root);
const modules = [...documents, ...comments];
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const module of modules) writeFileSync(fileOf(module), module.code);
checkTypes(modules);

// Examples print to nowhere, and write files to a temporary folder.
const printed = console.log;
const scratch = mkdtempSync(join(tmpdir(), "examples-"));
process.chdir(scratch);
console.log = () => undefined;
for (const module of comments) await runComments(module).catch((error: unknown) => fail(module.document, error));
for (const module of documents) await runDocument(module);
console.log = printed;
process.chdir(root);
rmSync(scratch, { recursive: true });

const count = (of: readonly ExampleModule[]): number => of.reduce((sum, module) => sum + module.count, 0);
console.log(
  `${count(comments)} examples of doc comments (${compared.count} with a result) ` +
    `and ${count(documents)} blocks of ${documents.length} documents`,
);
for (const failure of failures) console.error(failure);
process.exit(failures.length === 0 ? 0 : 1);
