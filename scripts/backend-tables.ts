/**
 * Writes to the README of each backend how it executes each op of core: natively, with a kernel of Ansatz's own, or
 * composed of other ops. With `--check` it writes nothing, and fails if a table is out of date.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { StateError } from "../packages/core/src/index.ts";
import { BrokenBackendError, createBackend } from "../packages/lab/src/backends/create-backend.ts";
import { opsByKind, type OpKind } from "../packages/lab/src/backends/op-kinds.ts";

const root = join(import.meta.dirname, "../plugins");
const [begin, end] = ["<!-- ops: written by scripts/backend-tables.ts -->", "<!-- /ops -->"];
const titles: Readonly<Record<OpKind, string>> = {
  native: "natively",
  own: "by a kernel of Ansatz's own",
  composed: "composed by core of smaller ops",
};
const check = process.argv.includes("--check");
const stale: string[] = [];

function tableOf(kinds: Readonly<Record<OpKind, readonly string[]>>): string {
  const rows = (Object.keys(titles) as OpKind[]).flatMap((kind) =>
    kinds[kind].length === 0
      ? []
      : [`| ${titles[kind]} | ${kinds[kind].length} | ${kinds[kind].map((op) => `\`${op}\``).join(", ")} |`],
  );
  return ["| done | | ops |", "|---|---|---|", ...rows].join("\n");
}

for (const name of readdirSync(root).flatMap((folder) => /^backend-(.+)$/.exec(folder)?.[1] ?? [])) {
  const path = join(root, `backend-${name}/README.md`);
  if (!existsSync(path)) continue; // an empty folder, left behind by git
  const text = readFileSync(path, "utf8");
  const [first, last] = [text.indexOf(begin), text.indexOf(end)];
  if (first < 0 || last < first)
    throw new StateError(`${path} has no place for the table\n  write ${begin} and ${end} where the table belongs`);
  try {
    const backend = await createBackend({ name, entry: join(root, `backend-${name}/src/index.ts`) });
    const table = tableOf(opsByKind(backend));
    const page = `${text.slice(0, first + begin.length)}\n\n${table}\n\n${text.slice(last)}`;
    const written = await format(page, { parser: "markdown", printWidth: 120, proseWrap: "always" });
    if (written !== text) stale.push(name);
    if (!check) writeFileSync(path, written);
  } catch (error) {
    if (!(error instanceof BrokenBackendError)) throw error;
    console.log(`backend-${name} is left out: ${error.reason}`); // not every machine has what this backend needs
  }
}

if (check && stale.length > 0)
  console.error(`The tables of ${stale.join(", ")} are out of date\n  write them again: npx pnpm@10 backend-tables`);
else console.log(stale.length === 0 ? "The tables of all backends are up to date" : `Written: ${stale.join(", ")}`);
process.exit(check && stale.length > 0 ? 1 : 0);
