import { createWriteStream, mkdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { openPromise } from "yauzl";
import { Bar } from "./bar.ts";

/** Unpacks the files of a wheel that `where` gives a place, relative to a folder, and shows how far it is. */
export async function unpack(
  wheel: string,
  folder: string,
  where: (name: string) => string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const archive = await openPromise(wheel);
  const bar = new Bar(`unpacking ${basename(wheel)}`);
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

/** The METADATA of a wheel. */
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
