/** How the page of `ansatz watch` and the pages that runs leave behind look: one theme, light or dark. */

const [light, dark] = [
  {
    ...{ paper: "#fff", ink: "#1d2129", faint: "#59616d", line: "#dde1e7", wash: "#f4f6f8" },
    ...{ good: "#1a7f37", bad: "#b3261e", warn: "#8a5a00" },
    // Ten colours that also people with a colour vision deficiency tell apart: Tol 2021, the muted scheme.
    ...series("#332288 #cc6677 #117733 #44aa99 #aa4499 #999933 #882255 #88ccee #ddcc77 #777777"),
  },
  {
    ...{ paper: "#15181d", ink: "#e6e9ee", faint: "#a3adba", line: "#333a45", wash: "#1e232b" },
    ...{ good: "#5fd38a", bad: "#ff8a80", warn: "#f0b955" },
    ...series("#8f86e8 #f0919f #57c27b #5fd6c4 #df84df #cfcf5a #e0629f #a6dcf7 #f0e39a #b0b0b0"),
  },
] as const;

function series(colors: string): Readonly<Record<string, string>> {
  return Object.fromEntries(colors.split(" ").map((color, i) => [`series-${i + 1}`, color]));
}

/** The colour of line i. */
export function seriesColor(i: number): string {
  return i < 10 ? `var(--series-${i + 1})` : `hsl(${Math.round(i * 137.5) % 360} 55% 50%)`;
}

/** A picture for a place without the theme: its colours are those of the light one. */
export function inLight(picture: string): string {
  return picture.replaceAll(/var\(--([\w-]+)\)/g, (_, name: keyof typeof light) => light[name]);
}

const variables = (colors: object) =>
  Object.entries(colors)
    .map(([name, color]) => `--${name}: ${color};`)
    .join(" ");

/** Light or dark as the reader prefers; print is always light. */
export const theme = `
:root { color-scheme: light dark; ${variables(light)} }
@media screen and (prefers-color-scheme: dark) { :root { ${variables(dark)} } }
* { box-sizing: border-box; }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1, h2 { margin: 0; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; }
h2 { font-size: 1.1rem; margin: 1.8rem 0 0.5rem; }
p { margin: 0.4rem 0; max-width: 48rem; overflow-wrap: anywhere; }
.faint { color: var(--faint); }
.good { color: var(--good); }
.bad { color: var(--bad); }
.warn { color: var(--warn); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.2rem 1.2rem 0.2rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; }
th { font-weight: normal; color: var(--faint); }
.number { text-align: right; white-space: nowrap; }
.wide { overflow-x: auto; }
pre {
  background: var(--wash); padding: 0.7rem 0.9rem; border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 13px/1.5 ui-monospace, monospace; margin: 0.4rem 0;
}
figure { margin: 0; break-inside: avoid; min-width: 0; }
figcaption { color: var(--faint); font-size: 0.85rem; }
svg { max-width: 100%; height: auto; display: block; }
summary { cursor: pointer; }
.tree, .tree ul { list-style: none; padding-left: 1.1rem; margin: 0; }
.tree { padding-left: 0; }
.parallel .run {
  stroke: color-mix(in oklab, var(--series-2) var(--share), var(--series-4)); stroke-width: 1.5; opacity: 0.8;
}
.parallel text { paint-order: stroke; stroke: var(--paper); stroke-width: 3px; }
.parallel .run:hover { stroke-width: 4; opacity: 1; }
.importance { width: 100%; max-width: 40rem; }
.importance .bar { width: 60%; vertical-align: middle; padding-right: 0; }
.importance .bar div { height: 0.7rem; background: var(--series-4); min-width: 1px; }
.finding { border-left: 3px solid var(--warn); padding: 0.1rem 0 0.1rem 0.8rem; margin: 0.7rem 0; }
`;
