import { AnsatzError } from "@ansatz/core";

/** A file that is damaged, cannot be written, or holds something other than what was asked of it. */
export class FileError extends AnsatzError {
  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message);
    if (options.cause !== undefined) this.cause = options.cause;
  }
}
