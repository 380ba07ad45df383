import { showNumber, showValue } from "../../report/format.ts";

/** A measured value; what is not finite is a word already. */
export function showFigure(value: number | string): string {
  return typeof value === "string" ? value : showNumber(value);
}

/** A setting's value. */
export const showSetting: (value: unknown) => string = showValue;
