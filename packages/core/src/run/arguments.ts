import { ArgumentError } from "../contract/errors.ts";
import { isCell } from "../graph/cell.ts";
import { isTensor, type Tensor } from "../graph/tensor.ts";

/** The arguments of a compiled function, split into tensors and everything else. */
export interface SplitArguments {
  /** What may change from call to call. */
  readonly tensors: Tensor[];
  /** What tells one trace from another. */
  readonly key: string;
  /** The arguments again, with other tensors. */
  readonly replace: (tensors: readonly Tensor[]) => unknown[];
}

const identities = new WeakMap<object, number>();
let nextIdentity = 1;

/**
 * Takes tensors out of arguments, from arrays and plain records at any depth. Modules and other objects are handed on
 * as they are.
 *
 * @throws ArgumentError for a plain number or a typed array, which would be compiled again for each value
 */
export function splitArguments(inputs: readonly unknown[]): SplitArguments {
  const tensors: Tensor[] = [];
  const describe = (value: unknown): string => {
    if (isTensor(value) || isCell(value)) {
      const x = isCell(value) ? value.read() : value;
      tensors.push(x);
      return `${x.dtype}[${x.shape.join()}]`;
    }
    if (Array.isArray(value)) return `[${value.map(describe).join(";")}]`;
    if (ArrayBuffer.isView(value)) throw changing("a typed array", "tensor(data)");
    if (typeof value === "number") throw changing(`the number ${value}`, `input(${value})`);
    if (isRecord(value)) {
      const fields = Object.entries(value).map(([name, child]) => `${JSON.stringify(name)}:${describe(child)}`);
      return `{${fields.join(";")}}`;
    }
    return typeof value === "object" || typeof value === "function"
      ? `${typeof value} ${identityOf(value)}`
      : `${typeof value} ${typeof value === "string" ? JSON.stringify(value) : String(value)}`;
  };
  const key = inputs.map(describe).join("|");
  const replace = (replacements: readonly Tensor[]) => {
    let next = 0;
    const walk = (value: unknown): unknown => {
      if (isTensor(value) || isCell(value)) return replacements[next++]!;
      if (Array.isArray(value)) return value.map(walk);
      if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, walk(child)]));
      return value;
    };
    return inputs.map(walk);
  };
  return { tensors, key, replace };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function identityOf(value: object | null): number {
  if (value === null) return 0;
  let identity = identities.get(value);
  if (identity === undefined) identities.set(value, (identity = nextIdentity++));
  return identity;
}

function changing(what: string, mend: string): ArgumentError {
  return new ArgumentError(
    `compile: got ${what} as an argument; each new value would compile the function again\n` +
      `  pass ${mend} instead, or leave a value that never changes out of the arguments`,
  );
}
