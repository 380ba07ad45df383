import { ArgumentError } from "@ansatz/core";

/** What a name stands for. @throws ArgumentError that lists the names there are */
export function chosen<T>(what: string, name: string, choices: Readonly<Record<string, T>>): T {
  const found = Object.hasOwn(choices, name) ? choices[name] : undefined;
  if (found === undefined) {
    const names = Object.keys(choices).map((own) => `"${own}"`);
    const factory = typeof Object.values(choices)[0] === "function" ? ", or a factory" : "";
    throw new ArgumentError(`${what} is "${name}"\n  use ${names.join(" or ")}${factory}`);
  }
  return found;
}
