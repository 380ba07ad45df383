import { Script } from "node:vm";
import { CreateError } from "./create-error.ts";
import { mapFiles, type Files } from "./files.ts";
import { camelCase, pascalCase } from "./letter-case.ts";

/** @throws CreateError unless the name can be that of a package and of a folder */
export function checkName(name: string, example: string): void {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) && name.length <= 100) return;
  throw new CreateError(
    `"${name}" isn't a valid name for a package\n` +
      `  begin with a letter, then use lower-case letters, digits and hyphens, e.g. ${example}`,
  );
}

/**
 * The files of a template with another name: `my-rule` becomes `sign-descent`, `myRule` becomes `signDescent`, and
 * `MyRule` becomes `SignDescent`.
 *
 * @throws CreateError if JavaScript refuses the new name, or the template's code has it for something else
 */
export function rename(files: Files, name: string, to: string): Files {
  const names = [
    [name, to],
    [camelCase(name), camelCase(to)],
    [pascalCase(name), pascalCase(to)],
  ] as const;
  const words = wordsOfCode(files);
  for (const [, fresh] of names.slice(1).filter(([old]) => words.has(old))) {
    const problem = !isIdentifier(fresh)
      ? "JavaScript refuses"
      : words.has(fresh)
        ? "its first version has for something else"
        : undefined;
    if (problem !== undefined)
      throw new CreateError(`"${to}" would be called ${fresh} in code, which ${problem}\n  choose another name`);
  }
  return mapFiles(files, (text) => names.reduce((changed, [old, fresh]) => changed.replaceAll(old, fresh), text));
}

/** Whether a name may be declared in a module: it begins with a letter, and is no reserved word. */
function isIdentifier(name: string): boolean {
  try {
    new Script(`async () => { "use strict"; let ${name}; }`); // compiled, never run
    return true;
  } catch {
    return false;
  }
}

/** The words of the files' code and of their examples, without comments and strings. */
function wordsOfCode(files: Files): ReadonlySet<string> {
  const code = Object.entries(files).flatMap(([path, text]) =>
    path.endsWith(".ts") ? [text] : [...text.matchAll(/```ts\n([^]*?)```/g)].map(([, block]) => block!),
  );
  return new Set(
    code
      .join("\n")
      .replaceAll(/\/\*[^]*?\*\/|\/\/.*|"[^"\n]*"/g, "")
      .match(/\w+/g),
  );
}
