import { AnsatzError } from "@ansatz/core";

/** An index that cannot be opened, read or written: missing, damaged, empty, or of another version or width. */
export class RetrievalError extends AnsatzError {}

/**
 * An optional package, loaded on first use.
 *
 * @throws RetrievalError with the command that installs it
 */
export async function optional<T>(user: string, names: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
    throw new RetrievalError(`${user}: ${message.split("\n")[0]}\n  npm install ${names}`);
  }
}
