/** Text that is HTML already: everything in it was escaped, or written by us. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template: texts and numbers are escaped, nothing is left out, lists are joined. */
export type HtmlPart = Html | string | number | undefined | false | readonly HtmlPart[];

/**
 * Makes HTML of a template; whatever is put into it and is not `Html` itself is escaped.
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

/** The text with nothing in it that HTML would take for its own. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}
