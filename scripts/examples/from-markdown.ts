import { type ExampleModule, Lines } from "./extracted.ts";

/**
 * The ```ts blocks of a markdown document, in order, as one module: what a reader gets by typing all of them into one
 * file. A block may import a name again that an earlier one has imported, because readers do not start at the top.
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
      const end = lines.findIndex((other, at) => at > index && other.trim() === mark);
      const block = lines.slice(index + 1, end < 0 ? lines.length : end);
      for (const [offset, code] of withoutRepeats(block.join("\n"), imported).split("\n").entries())
        output.add(index + 1 + offset, code);
    }
  }
  return { document, code: `${output.toString()}\nexport {};\n`, count };
}

/** A block whose imports leave out what was imported before. Every other line stays where it is. */
function withoutRepeats(block: string, imported: Set<string>): string {
  const pattern = /^import( type)? \{([^}]*)\} from ("[^"]+");/gm; // on one line or broken over several
  return block.replaceAll(pattern, (whole: string, kind: string | undefined, names: string, source: string) => {
    const fresh = names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "" && !imported.has(`${name} from ${source}`));
    for (const name of fresh) imported.add(`${name} from ${source}`);
    const code = fresh.length === 0 ? "" : `import${kind ?? ""} { ${fresh.join(", ")} } from ${source};`;
    return code + "\n".repeat(whole.split("\n").length - 1);
  });
}
