/**
 * Answers a question from a folder of texts, with the passages that it used.
 *
 *     npx pnpm@10 ask "who …?" --texts FOLDER [--from runs/questions/1]
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { AnsatzError, ArgumentError } from "@ansatz/core";
import { ask } from "./ask.ts";

const usage = 'npx pnpm@10 ask "who is …?" --texts FOLDER [--from runs/questions/1]';

if (process.argv.includes("--help") || process.argv.includes("-h")) {
  console.log(`${usage}    answer from the files .txt and .md of a folder`);
  process.exit();
}
try {
  const { question, texts, from } = parsed();
  const place = (path: string) => resolve(process.env["INIT_CWD"] ?? ".", path); // where pnpm was called
  console.log(await ask(question, { texts: place(texts), ...(from !== undefined && { from: place(from) }) }));
} catch (error) {
  if (!(error instanceof AnsatzError)) throw error;
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
}

function parsed() {
  let given;
  try {
    given = parseArgs({ allowPositionals: true, options: { texts: { type: "string" }, from: { type: "string" } } });
  } catch (error) {
    throw new ArgumentError(
      `ask: ${(error as Error).message.split(". ")[0]}\n  ${usage}; write -- before a question that begins with -`,
    );
  }
  const { values, positionals } = given;
  const [question, ...others] = positionals;
  if (question === undefined) throw new ArgumentError(`ask: the question is missing\n  ${usage}`);
  if (others.length > 0) throw new ArgumentError(`ask: there are ${positionals.length} questions\n  put one in quotes`);
  if (values.texts === undefined) throw new ArgumentError(`ask: the folder of texts is missing\n  ${usage}`);
  return { question, texts: values.texts, from: values.from };
}
