import { gunzipSync } from "node:zlib";
import { parseTar } from "nanotar";
import xz from "xz-decompress"; // CommonJS
import { DatasetError } from "./packaged.ts";

/**
 * The files of a Debian package by their paths. The package is an ar archive; one of its members is a tar archive that
 * is compressed with xz.
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
 * A member of an ar archive. Each member has a header of 60 characters with its name and its size in bytes, and begins
 * at an even offset.
 */
function memberOf(archive: Uint8Array, wanted: string): Uint8Array {
  const text = (from: number, length: number): string =>
    new TextDecoder().decode(archive.subarray(from, from + length)).trim();
  if (text(0, 8) !== "!<arch>")
    throw new DatasetError(
      "this isn't a Debian package: it does not begin like an ar archive\n  download the file again",
    );
  for (let at = 8; at + 60 <= archive.length;) {
    const [name, size] = [text(at, 16).replace(/\/$/, ""), Number(text(at + 48, 10))];
    if (name === wanted) return archive.subarray(at + 60, at + 60 + size);
    at += 60 + size + (size % 2);
  }
  throw new DatasetError(`the Debian package has no ${wanted}\n  download the file again`);
}
