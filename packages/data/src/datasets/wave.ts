import { DatasetError } from "./packaged.ts";

/** The samples, from −1 to 1, of a WAVE file with one channel of 16-bit numbers. @throws DatasetError */
export function audioSamplesOf(file: Uint8Array): { readonly samples: Float32Array; readonly rate: number } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const word = (at: number): string => String.fromCharCode(...file.subarray(at, at + 4));
  let rate = 0;
  for (let at = 12; at + 8 <= file.length;) {
    const size = view.getUint32(at + 4, true);
    if (word(at) === "fmt ") {
      const [format, channels, bits] = [
        view.getUint16(at + 8, true),
        view.getUint16(at + 10, true),
        view.getUint16(at + 22, true),
      ];
      if (format !== 1 || channels !== 1 || bits !== 16)
        throw new DatasetError(
          `a WAVE file has format ${format}, ${channels} channels and ${bits} bits\n` +
            "  only one channel of 16-bit numbers (format 1) can be read; convert the file",
        );
      rate = view.getUint32(at + 12, true);
    }
    if (word(at) === "data")
      return {
        rate,
        samples: Float32Array.from({ length: size / 2 }, (_, i) => view.getInt16(at + 8 + 2 * i, true) / 2 ** 15),
      };
    at += 8 + size + (size % 2);
  }
  throw new DatasetError("a WAVE file has no samples\n  check that the file is complete");
}
