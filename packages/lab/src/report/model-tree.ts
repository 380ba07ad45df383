import { html, type Html } from "./html.ts";
import { parameterCount, type ModelTree } from "./recorded-run.ts";

/** How many levels of a model's tree are unfolded at first. */
const unfolded = 2;

/** The parts of a model as a foldable list, each with the number of its parameters. */
export function showModelTree(tree: ModelTree): Html {
  return html`<ul class="tree">
    ${branch(tree, 0)}
  </ul>`;
}

function branch(tree: ModelTree, depth: number): Html {
  const label = html`${tree.name === "" ? tree.type : html`${tree.name} <span class="faint">${tree.type}</span>`}
    <span class="count"
      >${tree.shape !== undefined && `[${tree.shape.join(", ")}] `}${parameterCount(tree).toLocaleString("en")}</span
    >`;
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
