import { AnsatzError } from "@ansatz/core";
import type { Database } from "./database.ts";

/** An index that cannot be opened, read or written: missing, damaged, empty, or of another version or width. */
export class RetrievalError extends AnsatzError {}

/**
 * What a database does. If it fails, the error says which database it is and how to mend it.
 *
 * @throws RetrievalError if a package isn't installed, or if the database throws what isn't an AnsatzError
 */
export async function reading<T>({ name, packages = [] }: Database, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof AnsatzError) throw error;
    const { code, message } = (error instanceof Error ? error : new Error(String(error))) as NodeJS.ErrnoException;
    const [reason] = message.split("\n");
    if (packages.length > 0 && (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND"))
      throw new RetrievalError(`${name}: ${reason}\n  npm install ${packages.join(" ")}`);
    throw new RetrievalError(
      `${name}: the index cannot be read or written: ${reason}\n` +
        `  if its files are damaged, delete them and add the passages again`,
    );
  }
}
