/** A name that cannot be used, or a folder that exists already. */
export class CreateError extends Error {
  override readonly name = "CreateError";
}
