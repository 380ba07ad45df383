/** Text that is already HTML: everything in it was escaped, or is ours. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * What may be put into a template: strings and numbers are escaped, undefined and false give nothing, lists are joined.
 */
export type HtmlPart = Html | string | number | undefined | false | readonly HtmlPart[];

/**
 * Makes HTML from a template. Every value that is put in is escaped, unless it is `Html` itself.
 *
 * @example html`<b>${"<script>"}</b>`.text  // <b>&lt;script&gt;</b>
 */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return new Html(strings.reduce((text, string, i) => text + textOf(parts[i - 1]) + string));
}

function textOf(part: HtmlPart): string {
  if (part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(textOf).join("");
  return escapeHtml(part.toString());
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** The text with the characters escaped that have a meaning in HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}
