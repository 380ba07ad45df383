import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { SingleBar } from "cli-progress";
import { writeAtomically } from "../atomic-file.ts";
import { WriteError } from "../write-error.ts";
import { DatasetError } from "./packaged.ts";

/** A file on the web that does not change, at one address or several. */
export interface RemoteFile {
  readonly name: string;
  /** The addresses, in the order in which they are tried. */
  readonly urls: readonly string[];
  readonly sha256: string;
  /**
   * The bytes that the checksum covers. Default: the whole file. It is for archives that a server compresses again for
   * each download: their bytes may change, and their contents do not.
   */
  readonly checked?: (file: Uint8Array) => Uint8Array;
}

/**
 * The bytes of a file that is downloaded once, to the user's cache folder. Where an address fails or serves another
 * file, the next one is tried.
 *
 * @throws DatasetError if it cannot be downloaded, or isn't the file that results were measured on
 */
export async function downloaded(dataset: string, file: RemoteFile): Promise<Uint8Array> {
  const { name, urls } = file;
  const path = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "ansatz", "data", name);
  if (existsSync(path)) {
    const kept = readFileSync(path);
    if (whatIsWrong(kept, file) === undefined) return kept;
  }
  const failures: string[] = [];
  for (const url of urls) {
    try {
      const bytes = await fetched(dataset, url);
      const wrong = whatIsWrong(bytes, file);
      if (wrong !== undefined) throw new DatasetError(wrong);
      mkdirSync(dirname(path), { recursive: true });
      await writeAtomically(path, [bytes]);
      return bytes;
    } catch (error) {
      if (error instanceof WriteError) throw error;
      failures.push(`\n  ${url}: ${reasonOf(error as Error)}`);
    }
  }
  throw new DatasetError(
    `${dataset}: ${name} cannot be downloaded:${failures.join("")}\n  try again, or put the file at ${path} yourself`,
  );
}

async function fetched(dataset: string, url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new DatasetError(`the server answers ${response.status}`);
  const bar = new SingleBar({
    format: `${dataset}: downloading  {percentage} % of {mebibytes} MiB  {eta} s left`,
    noTTYOutput: true,
    notTTYSchedule: 5_000,
    hideCursor: null,
    gracefulExit: false,
  });
  const total = Number(response.headers.get("content-length") ?? 0);
  bar.start(total, 0, { mebibytes: (total / 2 ** 20).toFixed(1) });
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body!) {
      chunks.push(chunk as Uint8Array);
      bar.increment((chunk as Uint8Array).length);
    }
    return Buffer.concat(chunks);
  } finally {
    bar.stop();
  }
}

/** Why these bytes are not the file. */
function whatIsWrong(bytes: Uint8Array, { sha256, checked = (file) => file }: RemoteFile): string | undefined {
  try {
    const sum = createHash("sha256").update(checked(bytes)).digest("hex");
    return sum === sha256 ? undefined : `its checksum is ${sum}, not ${sha256}`;
  } catch (error) {
    return `it cannot be read: ${(error as Error).message}`;
  }
}

/** The reason of a failed `fetch` is in its cause. */
const reasonOf = ({ message, cause }: Error): string => (cause instanceof Error ? cause.message : message);
