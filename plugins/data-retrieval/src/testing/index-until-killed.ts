import { tensor } from "@ansatz/core";
import { RetrievalError, VectorIndex, type Database } from "../index.ts";

/**
 * Adds passages from the number `first` on and rebuilds the index until it is killed, and writes what is stored. It is
 * what the program of `testKills` runs.
 */
export async function indexUntilKilled(create: () => Database, first: number): Promise<void> {
  const say = (line: string) => process.stdout.write(`${line}\n`); // synchronous: a pipe
  say("opening");
  const index = await VectorIndex.open(create()).catch((error: unknown) => {
    if (!(error instanceof RetrievalError) || !error.message.includes("there is no index")) throw error;
    return VectorIndex.open(create(), { version: "1", width: 2 });
  });
  for (let n = first; ; n += 5) {
    const passages = [0, 1, 2, 3, 4].map((i) => ({ id: `p${n + i}`, text: `${n + i}`, source: "s", place: 0 }));
    const embed = (version: number, texts: readonly string[]) => tensor(texts.map((text) => [version, Number(text)]));
    const version = Number(index.version);
    const next = { version: String(version + 1), batch: 16 };
    const rebuilt =
      n % 4 === 0 ? index.rebuild({ ...next, embed: (texts) => embed(version + 1, texts) }) : Promise.resolve();
    const texts = passages.map(({ text }) => text);
    await index.add(passages, embed(version, texts));
    say(`stored ${n + 5}`);
    await rebuilt;
  }
}
