import { StateError } from "../../packages/core/src/index.ts";
import { agrees, plain } from "./expectation.ts";

/** An example of a doc comment, ready to run. */
export interface RecordedExample {
  readonly line: number;
  readonly run: () => Promise<void>;
}

let recorded: RecordedExample[] = [];

/** The examples that the last imported module has recorded. */
export function takeExamples(): RecordedExample[] {
  const taken = recorded;
  recorded = [];
  return taken;
}

/** Called by the modules that are made from doc comments. */
export function example(line: number, run: () => Promise<void>): void {
  recorded.push({ line, run });
}

/** How many values were compared with a comment. */
export const compared = { count: 0 };

/** Computes an expression, and compares its value with the comment that follows it. */
export async function result(line: number, value: () => unknown, expected: string): Promise<void> {
  if (expected.startsWith("throws")) {
    const thrown = await plain(Promise.resolve().then(value)).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (thrown === undefined) throw new StateError(`line ${line}: nothing is thrown`);
    compared.count++;
    return;
  }
  const found = await plain(value());
  const agreement = agrees(found, expected);
  if (agreement === false)
    throw new StateError(`line ${line}: the comment says ${expected}, but the value is ${show(found)}`);
  if (agreement === true) compared.count++;
}

function show(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
