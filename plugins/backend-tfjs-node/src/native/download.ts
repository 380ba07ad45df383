import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { setTimeout } from "node:timers/promises";
import { BackendError } from "@ansatz/core";
import { reasonOf, request, type IndexedFile } from "./package-index.ts";
import { ProgressBar } from "./progress-bar.ts";

/** How often a download is tried, and the wait before the second try in milliseconds. */
const attempts = 5;
const firstWait = 1_000;

/**
 * Downloads a file with a progress bar and checks it. A file that is already there is kept. An interrupted download is
 * resumed, even by a later process.
 *
 * @throws BackendError if the network fails too often, or the checksum is wrong
 */
export async function download(file: IndexedFile, path: string, signal: AbortSignal, wait = firstWait): Promise<void> {
  if (existsSync(path)) {
    if ((await checksumOf(path, signal)) === file.sha256) return;
    rmSync(path);
  }
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.part`;
  const bar = new ProgressBar(`downloading ${file.name}`);
  try {
    for (let attempt = 1; !(await fetchRest(file, part, signal, bar).catch(recoverable)); attempt++) {
      if (attempt === attempts)
        throw new BackendError(
          `the download of ${file.name} was interrupted ${attempts} times\n` +
            "  run the command again: it resumes from what is already downloaded",
        );
      await setTimeout(wait * 2 ** (attempt - 1), undefined, { signal });
    }
  } finally {
    bar.end();
  }
  const sum = await checksumOf(part, signal);
  if (sum !== file.sha256) {
    rmSync(part);
    throw new BackendError(
      `${file.name} is damaged, or another file: its SHA-256 is ${sum}, not ${file.sha256}\n` +
        "  it was deleted; run the command again",
    );
  }
  renameSync(part, path);

  function recoverable(error: unknown): false {
    if (signal.aborted || error instanceof BackendError) throw error;
    bar.note(`interrupted: ${reasonOf(error)}`);
    return false;
  }
}

/** Downloads what is missing, and returns true when the file is complete. */
async function fetchRest(file: IndexedFile, part: string, signal: AbortSignal, bar: ProgressBar): Promise<boolean> {
  const before = existsSync(part) ? statSync(part).size : 0;
  if (file.size !== undefined && before >= file.size) return true;
  const { url, headers } = request(file.url);
  const response = await fetch(url, {
    signal,
    headers: before > 0 ? { ...headers, Range: `bytes=${before}-` } : headers,
  });
  if (response.status === 416) return true; // nothing seems to be left; the checksum is checked later
  if (!response.ok)
    throw new BackendError(`the package index responds with ${response.status} for ${file.name}\n  try again later`);
  const resumes = response.status === 206;
  let done = resumes ? before : 0;
  bar.begin(done, file.size ?? done + Number(response.headers.get("content-length") ?? 0));
  const source = Readable.fromWeb(response.body as ReadableStream);
  source.on("data", (chunk: Uint8Array) => bar.update((done += chunk.length)));
  await pipeline(source, createWriteStream(part, { flags: resumes ? "a" : "w" }), { signal });
  return true;
}

async function checksumOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest("hex");
}
