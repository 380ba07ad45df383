import type { ModuleNode } from "@ansatz/core/plugin";
import { html, type Html } from "./html.ts";
import { parameterCount } from "./recorded-run.ts";

/** How many levels of a model's tree are unfolded at first. */
const unfolded = 2;

/** The parts of a model as a foldable list, each with the number of its parameters. */
export function showModelTree(tree: ModuleNode): Html {
  return html`<ul class="tree">
    ${branch(tree, 0)}
  </ul>`;
}

function branch(tree: ModuleNode, depth: number): Html {
  const type = tree.trainable === false ? `${tree.type}, frozen` : tree.type;
  const shape = tree.shape === undefined ? "" : `[${tree.shape.join(", ")}] `;
  const label = html`${tree.name === "" ? type : html`${tree.name} <span class="faint">${type}</span>`}
    <span class="count">${shape}${parameterCount(tree).toLocaleString("en")}</span>`;
  if (tree.children.length === 0) return html`<li>${label}</li>`;
  return html`<li>
    <details${depth < unfolded && html` open`}>
      <summary>${label}</summary>
      <ul>
        ${tree.children.map((child) => branch(child, depth + 1))}
      </ul>
    </details>
  </li>`;
}
