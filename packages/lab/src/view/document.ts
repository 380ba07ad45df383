// The types of Preact bring those of the DOM, in which streams are iterated only with this.
/// <reference lib="dom.asynciterable" />
import { h, type ComponentChild, type ComponentChildren } from "preact";
import { renderToString } from "preact-render-to-string";
import { theme } from "./theme.ts";

const style = `
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1.25rem 4rem; }
h2 { border-bottom: 1px solid var(--line); padding-bottom: 0.2rem; }
figure { margin: 1rem 0; }
.figures { display: flex; flex-wrap: wrap; gap: 0.5rem 2.5rem; margin: 1rem 0; }
.figures div { display: flex; flex-direction: column; }
.figures b { font-size: 1.5rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 1.5rem; }
@media print {
  body { max-width: none; padding: 0; font-size: 11pt; }
  details > * { display: block; }
  details::details-content { content-visibility: visible; }
}
`;

/** A whole page that loads nothing: its policy forbids requests and, unless more is allowed by `policy`, scripts. */
export function documentOf(
  title: string,
  body: ComponentChildren,
  { style: own = "", policy: more = "" } = {},
): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:${more}`;
  const head = [
    h("meta", { charset: "utf-8" }),
    h("meta", { "http-equiv": "Content-Security-Policy", content: policy }),
    h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
    h("title", {}, title),
    raw("style", theme + style + own),
  ];
  const page = h("html", { lang: "en" }, h("head", {}, head), h("body", {}, h("main", {}, body)));
  return `<!doctype html>\n${renderToString(page)}\n`;
}

/** An element with a content that is not escaped: what the lab itself has written. */
export function raw(name: string, content: string, attributes: Readonly<Record<string, string>> = {}): ComponentChild {
  return h(name, { ...attributes, dangerouslySetInnerHTML: { __html: content } });
}
