import ts from "typescript";
import { type ExampleModule, Lines } from "./extracted.ts";

interface Example {
  /** The first line, counted from 0. */
  readonly line: number;
  readonly text: string;
}

/**
 * The `@example`s of a source file's doc comments, as a module that calls `example(line, run)` for each example and
 * `result(line, value, expected)` for each expression in it.
 *
 * @param importsFor where the names come from that the examples use
 */
export function fromComments(
  document: string,
  text: string,
  importsFor: (words: ReadonlySet<string>) => string,
): ExampleModule {
  const examples = findExamples(text);
  const output = new Lines(text.split("\n").length);
  const words = new Set<string>();
  for (const example of examples) {
    for (const [word] of example.text.matchAll(/[\p{L}_$][\p{L}\p{N}_$]*/gu)) words.add(word);
    place(example, output);
  }
  return { document, code: `${output.toString()}\n${importsFor(words)}\nexport {};\n`, count: examples.length };
}

/** Finds the examples: from each `@example` to the next tag, an empty line, or the end of the comment. */
function findExamples(text: string): Example[] {
  const found: { line: number; lines: string[] }[] = [];
  let open: { line: number; lines: string[] } | undefined;
  for (const [line, whole] of text.split("\n").entries()) {
    const [, content] = /^\s*\/?\*+(?!\/) ?(.*?)(?:\*\/)?$/.exec(whole) ?? [];
    const [, start] = /^\s*@example\s*(.*)$/.exec(content ?? "") ?? [];
    if (start !== undefined) {
      open = { line, lines: [start] };
      found.push(open);
    } else if (content === undefined || /^\s*(@|$)/.test(content)) {
      open = undefined;
    } else {
      open?.lines.push(content);
    }
  }
  return found.map((example) => ({ line: example.line, text: example.lines.join("\n") }));
}

/** Writes an example to its lines: expressions report their value, other statements stay as they are. */
function place({ line, text }: Example, output: Lines): void {
  const source = ts.createSourceFile("example.ts", text, ts.ScriptTarget.ESNext, true);
  const lineOf = (position: number): number => line + source.getLineAndCharacterOfPosition(position).line;
  const put = (position: number, code: string): void => {
    for (const [offset, part] of code.split("\n").entries()) output.add(lineOf(position) + offset, part);
  };
  output.add(line, `example(${line + 1}, async () => { `);
  for (const statement of source.statements) {
    const start = statement.getStart(source);
    if (!ts.isExpressionStatement(statement)) {
      put(start, `${statement.getText(source)} `);
      continue;
    }
    const expression = statement.expression.getText(source);
    const [comment] = ts.getTrailingCommentRanges(text, statement.end) ?? [];
    const expected =
      comment === undefined
        ? ""
        : text
            .slice(comment.pos, comment.end)
            .replace(/^\/\/\s*/, "")
            .trim();
    put(start, `await result(${lineOf(start) + 1}, async () => (${expression}), ${JSON.stringify(expected)}); `);
  }
  output.add(line + text.split("\n").length - 1, "});");
}
