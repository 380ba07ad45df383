/** Writes the training data to data/: the text of Moby Dick, and a tenth of MNIST. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mnist, mobyDick } from "@ansatz/data";

const folder = join(import.meta.dirname, "../data");
const count = { train: 6_000, test: 1_000 };

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "moby-dick.txt"), mobyDick());
const parts = (["train", "test"] as const).map((part) => ({ columns: mnist(part).columns, examples: count[part] }));
writeFileSync(
  join(folder, "digits.bin"),
  Buffer.concat([
    ...parts.map(({ columns, examples }) => columns.image.data.subarray(0, 784 * examples) as Uint8Array),
    ...parts.map(({ columns, examples }) => Uint8Array.from(columns.label.data.subarray(0, examples))),
  ]),
);
