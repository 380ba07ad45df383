import { h, type ComponentChild, type ComponentChildren } from "preact";
import type { ModuleNode } from "@ansatz/core/plugin";
import type { RecordedFinding } from "../report/recorded-run.ts";
import type { TextSample } from "../text-sample.ts";

/** How many levels of a model's tree are unfolded at first. */
const unfolded = 2;

/** A table of names and values. */
export function facts(rows: Iterable<readonly [string, ComponentChildren]>): ComponentChild {
  const row = ([name, value]: readonly [string, ComponentChildren]) =>
    h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value));
  return h("table", {}, h("tbody", {}, [...rows].map(row)));
}

/** A table with a head; the columns from `firstNumber` up to `end` hold numbers. */
export function table(
  head: readonly ComponentChildren[],
  rows: readonly (readonly ComponentChildren[])[],
  [firstNumber, end]: readonly [number, number] = [0, 0],
): ComponentChild {
  const row = (name: string, cells: readonly ComponentChildren[], of: object = {}) => {
    const kind = (i: number) => (i >= firstNumber && i < end ? { class: "number", ...of } : of);
    const all = cells.map((cell, i) => h(name, kind(i), cell));
    return h("tr", {}, all);
  };
  const body = rows.map((cells) => row("td", cells));
  const whole = h("table", {}, h("thead", {}, row("th", head, { scope: "col" })), h("tbody", {}, body));
  return h("div", { class: "wide", tabIndex: 0 }, whole);
}

/** What `--diagnose` has found. */
export function findingsOf(findings: readonly RecordedFinding[]): ComponentChild[] {
  return findings.map(({ step, kind, where, message, advice }) =>
    h(
      "div",
      { class: "finding" },
      h(
        "p",
        {},
        h("b", {}, kind),
        ` at step ${step.toLocaleString("en")}`,
        where && [", in ", h("code", {}, where)],
        `: ${message}`,
      ),
      h("p", { class: "faint" }, advice),
    ),
  );
}

/** A text that a model wrote, under its step. */
export function sampleOf({ step, text }: TextSample): ComponentChild {
  return h("div", {}, h("p", { class: "faint" }, `step ${step.toLocaleString("en")}`), h("pre", {}, text));
}

/** The parts of a model as a foldable list, each with the number of its parameters. */
export function modelTree(tree: ModuleNode): ComponentChild {
  return h("ul", { class: "tree" }, branch(tree, 0));
}

function branch(tree: ModuleNode, depth: number): ComponentChild {
  const { name, children, shape } = tree;
  const type = tree.trainable === false ? `${tree.type}, frozen` : tree.type;
  const size = shape === undefined ? "" : `[${shape.join(", ")}] `;
  const label = [
    name === "" ? type : [name, " ", h("span", { class: "faint" }, type)],
    h("span", { class: "faint" }, ` ${size}${parameterCount(tree).toLocaleString("en")}`),
  ];
  if (children.length === 0) return h("li", {}, label);
  const parts = children.map((child) => branch(child, depth + 1));
  return h("li", {}, h("details", { open: depth < unfolded }, h("summary", {}, label), h("ul", {}, parts)));
}

/** The number of trained values in a part of a model and its children. */
export function parameterCount(tree: ModuleNode): number {
  return tree.children.reduce((count, child) => count + parameterCount(child), tree.parameters);
}
