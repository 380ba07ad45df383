/** Adds passages and rebuilds the index until it is killed, and writes what is stored. kills.test.ts runs it. */
import { cpu } from "@ansatz/backend-cpu";
import { tensor, use } from "@ansatz/core";
import { lance, pglite, RetrievalError, VectorIndex } from "./index.ts";

const [kind, place, first] = process.argv.slice(2) as [string, string, string];
const database = () => (kind === "lance" ? lance(place) : pglite(place));
const say = (line: string) => process.stdout.write(`${line}\n`); // synchronous: a pipe

await use(cpu());
say("opening");
const index = await VectorIndex.open(database()).catch((error: unknown) => {
  if (!(error instanceof RetrievalError) || !error.message.includes("there is no index")) throw error;
  return VectorIndex.open(database(), { version: "1", width: 2 });
});
for (let n = Number(first); ; n += 5) {
  const passages = [0, 1, 2, 3, 4].map((i) => ({ id: `p${n + i}`, text: `${n + i}`, source: "s", place: 0 }));
  const embed = (version: number, texts: readonly string[]) => tensor(texts.map((text) => [version, Number(text)]));
  const version = Number(index.version);
  const rebuilt =
    n % 4 === 0
      ? index.rebuild({ version: String(version + 1), batch: 16, embed: (texts) => embed(version + 1, texts) })
      : undefined;
  await index.add(
    passages,
    embed(
      version,
      passages.map(({ text }) => text),
    ),
  );
  say(`stored ${n + 5}`);
  await rebuilt;
}
