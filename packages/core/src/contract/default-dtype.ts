import { isFloating, type DType } from "./dtype.ts";
import { ArgumentError, DTypeError } from "./errors.ts";

/** The dtypes of real numbers. */
export type FloatingDType = "float32" | "float64";

let current: FloatingDType = "float32";

/** The dtype that numbers get if none is named: float32, or what `withDType` has set. */
export function defaultDType(): FloatingDType {
  return current;
}

/**
 * Runs `body` with another default dtype: tensors, layers and draws made in it that name no dtype have this one.
 *
 * @throws DTypeError for a dtype that isn't floating; ArgumentError for an async function, which would outlive the
 * scope
 * @example withDType("float64", () => zeros([2]).dtype)  // "float64"
 */
export function withDType<R>(dtype: FloatingDType, body: () => R): R {
  if (!isFloating(dtype)) throw new DTypeError(`withDType: ${String(dtype satisfies DType)} isn't float32 or float64`);
  const outer = current;
  current = dtype;
  try {
    const result = body();
    if (result instanceof Promise) {
      result.catch(() => undefined); // the call is refused, so its own failure does not matter
      throw new ArgumentError("withDType: the function is async\n  build tensors and models in it, and await outside");
    }
    return result;
  } finally {
    current = outer;
  }
}
