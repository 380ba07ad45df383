import { type ExampleModule, Lines } from "./extracted.ts";

/**
 * The ```ts blocks of a markdown document, in order, as one module: what a reader gets who types all of them into one
 * file. A name that an earlier block has imported may be imported again, since readers do not start at the top.
 */
export function fromMarkdown(document: string, text: string): ExampleModule {
  const lines = text.split("\n");
  const output = new Lines(lines.length);
  const imported = new Set<string>();
  let count = 0;
  let fence: string | undefined;
  for (const [index, line] of lines.entries()) {
    const [, mark, language] = /^\s*(```+)\s*(\S*)/.exec(line) ?? [];
    if (fence !== undefined && mark === fence && language === "") {
      fence = undefined;
    } else if (fence === undefined && mark !== undefined) {
      fence = mark;
      if (language !== "ts") continue;
      count++;
      for (let at = index + 1; at < lines.length && lines[at]?.trim() !== mark; at++)
        output.add(at, withoutRepeats(lines[at] ?? "", imported));
    }
  }
  return { document, code: `${output.toString()}\nexport {};\n`, count };
}

/** An import on one line, without what was imported before. */
function withoutRepeats(line: string, imported: Set<string>): string {
  const [, kind, names, source] = /^import( type)? \{(.*)\} from ("[^"]+");/.exec(line) ?? [];
  if (names === undefined || source === undefined) return line;
  const fresh = names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !imported.has(`${name} from ${source}`));
  for (const name of fresh) imported.add(`${name} from ${source}`);
  return fresh.length === 0 ? "" : `import${kind ?? ""} { ${fresh.join(", ")} } from ${source};`;
}
