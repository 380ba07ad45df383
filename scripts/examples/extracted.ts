/**
 * A module made of a document's examples. Its lines are those of the document, so that a position in one is the same in
 * the other.
 */
export interface ExampleModule {
  /** The path of the document from the root of the repository. */
  readonly document: string;
  readonly code: string;
  /** How many examples it holds. */
  readonly count: number;
}

/** Text placed on the lines of a document; all other lines stay empty. */
export class Lines {
  readonly #lines: string[];

  constructor(count: number) {
    this.#lines = Array.from({ length: count }, () => "");
  }

  /** Adds to a line, counted from 0. */
  add(line: number, text: string): void {
    this.#lines[line] += text;
  }

  toString(): string {
    return this.#lines.join("\n");
  }
}
