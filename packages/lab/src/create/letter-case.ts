/** Text with its first letter in upper case. */
export function capitalized(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}

/** A name as a function or constant: `sign-descent` is `signDescent`. */
export function camelCase(name: string): string {
  return name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A name as a class: `sign-descent` is `SignDescent`. */
export function pascalCase(name: string): string {
  return capitalized(camelCase(name));
}
