import { html, Html } from "./html.ts";

/** Light or dark as the reader prefers; print is always light. */
const style = `
:root {
  color-scheme: light dark;
  --paper: #fff;
  --ink: #1d2129;
  --faint: #626a76;
  --line: #dde1e7;
  --wash: #f4f6f8;
  --good: #1a7f37;
  --bad: #b3261e;
  --warn: #8a5a00;
  --series-1: #0072b2;
  --series-2: #d55e00;
  --series-3: #007a5a;
  --series-4: #b0519a;
  --series-5: #9a6b00;
  --series-6: #3b8fc4;
  --series-7: #6c4fa1;
  --series-8: #5f6b7a;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #15181d;
    --ink: #e6e9ee;
    --faint: #9aa4b2;
    --line: #333a45;
    --wash: #1e232b;
    --good: #5fd38a;
    --bad: #ff8a80;
    --warn: #f0b955;
    --series-1: #5aaee0;
    --series-2: #ff8f4d;
    --series-3: #2fc79b;
    --series-4: #e69acb;
    --series-5: #e0b13a;
    --series-6: #9bd3f5;
    --series-7: #b99bea;
    --series-8: #a7b4c2;
  }
}
* {
  box-sizing: border-box;
}
body {
  margin: 0 auto;
  max-width: 62rem;
  padding: 1.5rem 1.25rem 4rem;
  background: var(--paper);
  color: var(--ink);
  font:
    15px/1.5 system-ui,
    sans-serif;
}
h1 {
  font-size: 1.6rem;
  margin: 0;
  overflow-wrap: anywhere;
}
h2 {
  font-size: 1.1rem;
  margin: 2rem 0 0.5rem;
  border-bottom: 1px solid var(--line);
  padding-bottom: 0.2rem;
}
p {
  margin: 0.4rem 0;
  max-width: 48rem;
}
.faint {
  color: var(--faint);
}
.good {
  color: var(--good);
}
.bad {
  color: var(--bad);
}
.warn {
  color: var(--warn);
}
table {
  border-collapse: collapse;
  font-variant-numeric: tabular-nums;
}
th,
td {
  text-align: left;
  padding: 0.2rem 1.2rem 0.2rem 0;
  vertical-align: top;
  border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere;
}
th {
  font-weight: normal;
  color: var(--faint);
}
.number {
  text-align: right;
}
.wide {
  overflow-x: auto;
}
.figures {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem 2.5rem;
  margin: 1rem 0;
}
.figures div {
  display: flex;
  flex-direction: column;
}
.figures b {
  font-size: 1.5rem;
  font-weight: 600;
  font-variant-numeric: tabular-nums;
}
pre {
  background: var(--wash);
  padding: 0.7rem 0.9rem;
  border-radius: 4px;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
  font:
    13px/1.5 ui-monospace,
    monospace;
  margin: 0.4rem 0;
}
svg {
  max-width: 100%;
  height: auto;
  display: block;
}
figure {
  margin: 1rem 0;
  break-inside: avoid;
}
figcaption {
  color: var(--faint);
  font-size: 0.85rem;
}
.charts {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr));
  gap: 0 1.5rem;
}
@media (max-width: 60rem) {
  .charts {
    grid-template-columns: 1fr;
  }
}
ul.tree,
.tree ul {
  list-style: none;
  padding-left: 1.1rem;
  margin: 0;
}
ul.tree {
  padding-left: 0;
}
.tree .count {
  color: var(--faint);
  font-variant-numeric: tabular-nums;
}
details summary {
  cursor: pointer;
}
.finding {
  border-left: 3px solid var(--warn);
  padding: 0.1rem 0 0.1rem 0.8rem;
  margin: 0.7rem 0;
}
@media print {
  body {
    max-width: none;
    padding: 0;
    font-size: 11pt;
  }
  details > * {
    display: block;
  }
  details::details-content {
    content-visibility: visible;
  }
}
`;

/** A whole page that loads nothing: its policy forbids scripts and requests. */
export function page(title: string, body: Html): string {
  return `<!doctype html>\n${
    html`<html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `.text
  }`;
}

/** A table of names and values. */
export function facts(rows: Iterable<readonly [string, string | Html]>): Html {
  return html`<table>
    ${[...rows].map(
      ([name, value]) =>
        html`<tr>
          <th scope="row">${name}</th>
          <td>${value}</td>
        </tr>`,
    )}
  </table>`;
}
