/** The object in one line of a file. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The objects in a text of JSON lines. A line that a crash cut short, or that isn't an object, is left out. */
export function parseJsonLines(text: string): JsonObject[] {
  try {
    // Parsing all lines at once is twice as fast.
    return (JSON.parse(`[${text.trimEnd().replaceAll("\n", ",")}]`) as unknown[]).filter(isJsonObject);
  } catch {
    return text
      .split("\n")
      .map(parseObject)
      .filter((value) => value !== undefined);
  }
}

/** The object in a JSON text; undefined if the text is cut short or isn't an object. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is an object, but not null or an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const written: Readonly<Record<string, number>> = { NaN, Infinity, "-Infinity": -Infinity };

/** A number from a JSON file, in which NaN and infinities are strings. */
export function recordedNumber(value: unknown): number | undefined {
  return typeof value === "number" ? value : typeof value === "string" ? written[value] : undefined;
}
