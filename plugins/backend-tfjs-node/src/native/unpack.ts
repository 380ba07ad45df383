import { createWriteStream, mkdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { openPromise } from "yauzl";
import { ProgressBar } from "./progress-bar.ts";

/** Unpacks a wheel with a progress bar. `where` returns the path of a file in the folder, or undefined to skip it. */
export async function unpack(
  wheel: string,
  folder: string,
  where: (name: string) => string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const archive = await openPromise(wheel);
  const bar = new ProgressBar(`unpacking ${basename(wheel)}`);
  bar.begin(0, statSync(wheel).size);
  let done = 0;
  try {
    for await (const entry of archive.eachEntry()) {
      signal.throwIfAborted();
      bar.update((done += entry.compressedSize));
      const place = entry.fileName.endsWith("/") ? undefined : where(entry.fileName);
      if (place === undefined) continue;
      const path = join(folder, place);
      mkdirSync(dirname(path), { recursive: true });
      const mode = (entry.externalFileAttributes >>> 16) & 0o777;
      await pipeline(await archive.openReadStreamPromise(entry), createWriteStream(path, mode === 0 ? {} : { mode }), {
        signal,
      });
    }
  } finally {
    bar.end();
    archive.close();
  }
}

/** The text of a wheel's METADATA. */
export async function metadataOf(wheel: string): Promise<string> {
  const archive = await openPromise(wheel);
  try {
    for await (const entry of archive.eachEntry()) {
      if (/^[^/]+\.dist-info\/METADATA$/.test(entry.fileName))
        return await text(await archive.openReadStreamPromise(entry));
    }
    return "";
  } finally {
    archive.close();
  }
}
