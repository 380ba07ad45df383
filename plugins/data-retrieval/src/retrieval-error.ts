import { AnsatzError } from "@ansatz/core";
import type { Database } from "./database.ts";

/** An index that cannot be opened, read or written: missing, damaged, empty, or of another version or width. */
export class RetrievalError extends AnsatzError {}

const mends = {
  read: "if its files are damaged, delete them and add the passages again",
  written: "what was stored before is still there: mend the cause and try again",
};

/**
 * What a database does. If it fails, the error says which database it is and how to mend it.
 *
 * @throws RetrievalError if a package isn't installed, or if the database throws what isn't an AnsatzError
 */
export async function attempt<T>(done: keyof typeof mends, { name, packages = [] }: Database, task: () => Promise<T>) {
  try {
    return await task();
  } catch (error) {
    if (error instanceof AnsatzError) throw error;
    const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown };
    const [reason] = String(message ?? JSON.stringify(error)).split("\n");
    if (packages.length > 0 && (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND"))
      throw new RetrievalError(`${name}: ${reason}\n  npm install ${packages.join(" ")}`);
    throw new RetrievalError(`${name}: the index cannot be ${done}: ${reason}\n  ${mends[done]}`);
  }
}
