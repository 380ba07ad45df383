import { join } from "node:path";
import { readFiles, writeFiles, type Files } from "./files.ts";
import { inside } from "./inside.ts";
import { checkName, rename } from "./names.ts";
import { outside } from "./outside.ts";
import { findWorkspace } from "./workspace.ts";

/** What the template of each kind of plugin is called. */
const templates = { optim: "my-rule", nn: "my-layer", data: "my-data", backend: "my-backend" } as const;

/** What a plugin can be, as the first part of its name says: an update rule, a layer, data or a backend. */
export type PluginKind = keyof typeof templates;

export const pluginKinds = Object.keys(templates) as readonly PluginKind[];

/** What was created: its folder, from the working folder, and the commands to go on with. */
export interface Created {
  readonly folder: string;
  readonly commands: readonly string[];
}

/**
 * Creates the plugin `KIND-NAME` in `plugins/` of Ansatz's own workspace or, outside it, of the working folder.
 *
 * @throws CreateError if the name cannot be used, or is taken
 */
export async function createPlugin(kind: PluginKind, name: string): Promise<Created> {
  checkName(name, "signum");
  const whole = `${kind}-${name}`;
  const { inWorkspace, folder } = await create("plugins", whole, pluginTemplate(kind, name));
  const commands = inWorkspace
    ? ["npx pnpm@10 install", `npx pnpm@10 test --project @ansatz/${whole}`]
    : [`cd ${folder}`, "npm install", "npm test"];
  return { folder, commands };
}

/**
 * Creates an experiment in `experiments/` of Ansatz's own workspace or, outside it, of the working folder.
 *
 * @throws CreateError if the name cannot be used, or is taken
 */
export async function createExperiment(name: string): Promise<Created> {
  checkName(name, "sine-wave");
  const files = rename(readFiles("templates/experiment-my-experiment"), "my-experiment", name);
  const { inWorkspace, folder } = await create("experiments", name, files);
  const commands = inWorkspace
    ? ["npx pnpm@10 install", `npx pnpm@10 test --project @ansatz/experiment-${name}`, `npx pnpm@10 experiment ${name}`]
    : [`cd ${folder}`, "npm install", "npm test", "npm run experiment"];
  return { folder, commands };
}

/** The template of a kind of plugin, with the plugin's name. */
function pluginTemplate(kind: PluginKind, name: string): Files {
  return rename(readFiles(`templates/${kind}-${templates[kind]}`), templates[kind], name);
}

async function create(group: string, name: string, files: Files): Promise<{ inWorkspace: boolean; folder: string }> {
  const workspace = findWorkspace();
  const [root, own] = workspace === undefined ? [process.cwd(), outside(files)] : [workspace, inside(files)];
  return { inWorkspace: workspace !== undefined, folder: await writeFiles(join(root, group, name), own) };
}
