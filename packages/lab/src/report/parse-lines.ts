/** What one line of a file holds. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The objects of a text of JSON lines; a line that a crash cut short, or that is no object, is left out. */
export function parseJsonLines(text: string): JsonObject[] {
  try {
    return (JSON.parse(`[${text.trimEnd().replaceAll("\n", ",")}]`) as unknown[]).filter(isJsonObject); // all at once is twice as quick
  } catch {
    return text
      .split("\n")
      .map(parseObject)
      .filter((value) => value !== undefined);
  }
}

/** The object that a text of JSON is; undefined where it is cut short or something else. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is an object, and neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const written: Readonly<Record<string, number>> = { NaN, Infinity, "-Infinity": -Infinity };

/** A number as a file of JSON holds it: NaN and infinities are words there. */
export function recordedNumber(value: unknown): number | undefined {
  return typeof value === "number" ? value : typeof value === "string" ? written[value] : undefined;
}
