import { createHash } from "node:crypto";
import { h } from "preact";
import { writeWhole } from "../run-folder.ts";
import { documentOf, raw } from "../view/document.ts";
import { flameOf, type Flame } from "./flame-graph.ts";
import type { Profile } from "./profile.ts";
import { profileTable } from "./profile-table.ts";

/**
 * Draws the tree from top to bottom. A click on a part makes it as wide as the page; a click on what is above it, or
 * Escape, goes back. What is typed into the search is highlighted.
 */
const script = `
const tree = JSON.parse(document.getElementById("data").textContent);
const graph = document.getElementById("graph");
const detail = document.getElementById("detail");
const search = document.getElementById("search");
const rowHeight = 20;
const leastWidth = 0.0008;

const parents = new Map();
for (const stack = [tree]; stack.length > 0; ) {
  const part = stack.pop();
  for (const child of part.children) {
    parents.set(child, part);
    stack.push(child);
  }
}

function describe(part) {
  const share = (100 * part.milliseconds / tree.milliseconds).toFixed(2);
  const written = part.bytes > 0 ? ", " + (part.bytes / 2 ** 20).toFixed(2) + " MiB written" : "";
  return part.name + ": " + part.milliseconds.toFixed(3) + " ms, " + share + " % of the step" + written;
}

function hue(name) {
  let hash = 0;
  for (const letter of name.split(" ")[0]) hash = (hash * 31 + letter.charCodeAt(0)) % 360;
  return hash;
}

function draw(focus) {
  const wanted = search.value.trim().toLowerCase();
  const frames = [];
  let depth = 0;
  const place = (part, row, left, width) => {
    if (width < leastWidth) return;
    depth = Math.max(depth, row);
    const frame = document.createElement("button");
    frame.className = "frame";
    frame.textContent = part.name;
    frame.title = describe(part);
    frame.style.top = row * rowHeight + "px";
    frame.style.left = 100 * left + "%";
    frame.style.width = 100 * width + "%";
    frame.style.setProperty("--hue", hue(part.name));
    if (wanted !== "" && part.name.toLowerCase().includes(wanted)) frame.classList.add("found");
    frame.addEventListener("click", () => draw(part));
    frame.addEventListener("mouseenter", () => (detail.textContent = describe(part)));
    frame.addEventListener("focus", () => (detail.textContent = describe(part)));
    frames.push(frame);
  };
  const above = [];
  for (let part = parents.get(focus); part !== undefined; part = parents.get(part)) above.unshift(part);
  above.forEach((part, row) => place(part, row, 0, 1));
  const below = (part, row, left, width) => {
    place(part, row, left, width);
    for (const child of part.children) {
      const own = part.milliseconds > 0 ? width * child.milliseconds / part.milliseconds : 0;
      if (own >= leastWidth) below(child, row + 1, left, own);
      left += own;
    }
  };
  below(focus, above.length, 0, 1);
  graph.replaceChildren(...frames);
  graph.style.height = (depth + 1) * rowHeight + "px";
  detail.textContent = describe(focus);
  current = focus;
}

let current = tree;
search.addEventListener("input", () => draw(current));
document.addEventListener("keydown", (event) => event.key === "Escape" && draw(tree));
draw(tree);
`;

const style = `
body { max-width: 100rem; padding: 1rem; }
#graph { position: relative; }
#detail { min-height: 1.5em; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.frame {
  position: absolute; height: 19px; padding: 0 3px; border: 0; border-radius: 2px; overflow: hidden;
  white-space: nowrap; text-align: left; font: 12px/19px system-ui, sans-serif; cursor: pointer;
  box-shadow: inset -1px 0 var(--paper); color: #1d2129; background: hsl(var(--hue) 65% 78%);
}
.frame:hover, .frame:focus { filter: brightness(0.9); outline: none; }
.frame.found { background: #c2188b; color: #fff; }
pre { overflow-x: auto; white-space: pre; }
`;

/**
 * Writes a profile as a page with a flame graph, which any browser can show without a network.
 *
 * @throws WriteError
 * @example
 * const parts = { tracing: 1, feeding: 0, session: 3, update: 0 };
 * const measured = { experiment: "line", backend: "cpu", device: undefined, steps: 1, milliseconds: 4, parts };
 * const profile = { ...measured, javascript: [], compiling: 0, peakMemory: 0, kernels: [] };
 * await writeProfilePage("profile.html", profile)  // undefined
 */
export async function writeProfilePage(path: string, profile: Profile): Promise<void> {
  await writeWhole(path, flamePage(flameOf(profile), profileTable(profile)));
}

/** The flame graph and the tables as one page that loads nothing; only its own script may run. */
export function flamePage(flame: Flame, tables: string): string {
  const own = createHash("sha256").update(script).digest("base64");
  const data = JSON.stringify(flame).replaceAll("<", String.raw`\u003c`);
  const body = [
    h("h1", {}, flame.name),
    h("p", {}, h("label", {}, "Search ", h("input", { id: "search", type: "search" }))),
    h("p", { id: "detail" }),
    h("div", { id: "graph" }),
    h("pre", { tabIndex: 0 }, tables),
    raw("script", data, { type: "application/json", id: "data" }),
    raw("script", script),
  ];
  return documentOf(flame.name, body, { style, policy: `; script-src 'sha256-${own}'` });
}
