import { gunzipSync } from "node:zlib";
import { parseTar } from "nanotar";
import xz from "xz-decompress"; // CommonJS

/**
 * The files of a Debian package by their paths: an ar archive, one of whose members is a tar archive, compressed by xz.
 */
export async function filesOf(deb: Uint8Array): Promise<ReadonlyMap<string, Uint8Array>> {
  const packed = memberOf(deb, "data.tar.xz");
  const stream = new xz.XzReadableStream(new Blob([packed as Uint8Array<ArrayBuffer>]).stream());
  const tar = new Uint8Array(await new Response(stream as ReadableStream).arrayBuffer());
  return new Map(
    parseTar(tar).flatMap(({ name, type, data }) =>
      type === "file" && data !== undefined
        ? [[name.replace(/^\.\//, ""), name.endsWith(".gz") ? gunzipSync(data) : data] as const]
        : [],
    ),
  );
}

/**
 * A member of an ar archive: each has a header of 60 characters, with its name and its size in bytes, and begins at an
 * even place.
 */
function memberOf(archive: Uint8Array, wanted: string): Uint8Array {
  const text = (from: number, length: number): string =>
    new TextDecoder().decode(archive.subarray(from, from + length)).trim();
  if (text(0, 8) !== "!<arch>") throw new TypeError("this is no ar archive");
  for (let at = 8; at + 60 <= archive.length;) {
    const [name, size] = [text(at, 16).replace(/\/$/, ""), Number(text(at + 48, 10))];
    if (name === wanted) return archive.subarray(at + 60, at + 60 + size);
    at += 60 + size + (size % 2);
  }
  throw new TypeError(`the archive has no ${wanted}`);
}
