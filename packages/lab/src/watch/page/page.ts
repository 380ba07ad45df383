import "./page.css";
import { drawnAtFirst } from "../messages.ts";
import { fetchRuns, RefusedError } from "./api.ts";
import { Charts } from "./charts.ts";
import { Details } from "./details.ts";
import { element, onEvent } from "./element.ts";
import { RunList } from "./run-list.ts";
import { SettingsTable } from "./settings-table.ts";
import { newestFirst, readAddress, selectedRuns, views, writeAddress, type PageView } from "./state.ts";

/** How often the page asks for changes, in milliseconds. */
const interval = 1_000;

const state = readAddress();
const list = new RunList(state, () => void changed());
const charts = new Charts(state, () => void changed());
const settings = new SettingsTable(state);
const details = new Details(state);
const place = element("main", {});
const message = element("span", { class: "faint", role: "status" });
const folder = element("span", { class: "faint" });
const tabs = new Map(
  views.map((view) => [view, onEvent(element("button", { role: "tab" }, view), "click", () => show(view))]),
);

document.body.append(
  element(
    "header",
    {},
    element("h1", {}, "Ansatz"),
    folder,
    element("nav", { role: "tablist" }, ...tabs.values()),
    message,
  ),
  list.root,
  place,
);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.draw());

/** Draws the current view. */
async function draw(): Promise<void> {
  for (const [view, tab] of tabs) tab.setAttribute("aria-selected", String(view === state.view));
  const root = state.view === "curves" ? charts.root : state.view === "settings" ? settings.root : details.root;
  if (place.firstElementChild !== root) place.replaceChildren(root);
  if (state.view === "curves") await charts.update();
  else if (state.view === "settings") settings.update();
  else await details.update();
}

async function changed(): Promise<void> {
  writeAddress(state);
  await draw();
}

function show(view: PageView): void {
  state.view = view;
  void changed();
}

let known = "";

/** Asks for changes, and draws again only what has changed. */
async function follow(): Promise<void> {
  try {
    const { root, runs } = await fetchRuns();
    message.textContent = runs.length === 0 ? "no runs yet" : "";
    folder.textContent = root;
    document.title = `${root.split(/[/\\]/).at(-1) ?? ""} · Ansatz`;
    const now = JSON.stringify(runs);
    if (now === known) return;
    const drawnBefore = JSON.stringify(selectedRuns(state));
    state.runs = newestFirst(runs);
    if (!state.chosen) state.selected = state.runs.slice(0, drawnAtFirst).map(({ id }) => id);
    list.draw();
    if (known === "" || drawnBefore !== JSON.stringify(selectedRuns(state))) await draw();
    known = now;
  } catch (error) {
    message.textContent =
      error instanceof RefusedError
        ? "`ansatz watch` was started again: open the address that it printed"
        : "no answer: is `ansatz watch` still running?";
  }
}

/** Asks for changes while the page is visible. */
async function followOn(): Promise<void> {
  if (!document.hidden) await follow();
  setTimeout(() => void followOn(), interval);
}

void followOn();
