import { showNumber, showValue } from "../../report/format.ts";

/** A measured value as text; a value that is not finite is already a word. */
export function showFigure(value: number | string): string {
  return typeof value === "string" ? value : showNumber(value);
}

/** A setting's value as text. */
export const showSetting: (value: unknown) => string = showValue;
