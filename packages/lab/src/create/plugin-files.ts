import { backendPlugin } from "./backend-plugin.ts";
import { dataPlugin } from "./data-plugin.ts";
import { layerPlugin } from "./layer-plugin.ts";
import { capitalized } from "./letter-case.ts";
import type { PluginKind } from "./plugin-kind.ts";
import { compilerSettings, json, published, versionOf, type Files, type Workspace } from "./scaffold.ts";
import { updateRulePlugin } from "./update-rule-plugin.ts";

/** The kinds of plugins, by the prefix of their names. */
export const pluginKinds: Readonly<Record<string, PluginKind>> = {
  optim: updateRulePlugin,
  nn: layerPlugin,
  data: dataPlugin,
  backend: backendPlugin,
};

/** The files of a new plugin; the prefix of its name says which kind it is. */
export function pluginFiles(whole: string, workspace: Workspace | undefined): Files {
  const kind = pluginKinds[whole.split("-")[0]!]!;
  const name = whole.slice(whole.indexOf("-") + 1);
  const packageName = workspace === undefined ? `ansatz-${whole}` : `@ansatz/${whole}`;
  return {
    "package.json": manifest(whole, packageName, kind, workspace),
    "tsconfig.json": compilerSettings(workspace),
    ...(workspace === undefined ? {} : { LICENSE: workspace.license }),
    "README.md": readme(packageName, name, kind),
    "src/index.ts": kind.source(name),
    "src/index.test.ts": kind.test(name),
  };
}

function manifest(whole: string, packageName: string, kind: PluginKind, workspace: Workspace | undefined): string {
  const own = versionOf(workspace);
  const versions = (names: readonly string[]) =>
    Object.fromEntries(names.toSorted().map((name) => [`@ansatz/${name}`, own]));
  const built = { types: "./dist/index.d.ts", default: "./dist/index.js" };
  const inside = workspace !== undefined;
  return json({
    name: packageName,
    version: "0.1.0",
    description: `${capitalized(kind.noun)} for Ansatz.`,
    keywords: ["ansatz", "neural-networks", ...kind.keywords],
    license: "MIT",
    ...(inside
      ? { author: workspace.author, repository: { ...workspace.repository, directory: `plugins/${whole}` } }
      : {}),
    type: "module",
    exports: { ".": { source: "./src/index.ts", ...built } },
    files: ["dist"],
    sideEffects: false,
    engines: { node: ">=20.19" },
    publishConfig: { access: "public", exports: { ".": built } },
    scripts: inside
      ? {
          build: "tsup --config ../../tsup.config.ts",
          types: "tsc",
          lint: "oxlint -c ../../.oxlintrc.json .",
          test: `vitest run --root ../.. --project ${packageName}`,
          publishable: "publint --strict --pack pnpm && attw --pack . --profile esm-only",
        }
      : { build: "tsup src/index.ts --format esm --dts", types: "tsc", test: "vitest run" },
    ...(kind.dependencies.length === 0
      ? {}
      : { dependencies: inside ? versionsWithin(kind.dependencies) : versions(kind.dependencies) }),
    peerDependencies: { "@ansatz/core": published.ansatz },
    devDependencies: {
      ...versions(
        ["core", "backend-cpu", "testkit", ...kind.devDependencies].filter((name) => !kind.dependencies.includes(name)),
      ),
      ...(inside
        ? {}
        : {
            "@types/node": published.nodeTypes,
            tsup: published.tsup,
            typescript: published.typescript,
            vitest: published.vitest,
          }),
    },
  });
}

/** Versions for the published dependencies of a package in the workspace. */
function versionsWithin(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`@ansatz/${name}`, "workspace:^"]));
}

function readme(packageName: string, name: string, kind: PluginKind): string {
  return `# ${packageName}

${capitalized(kind.noun)} for Ansatz.

\`\`\`sh
npm install ${packageName} @ansatz/core
\`\`\`

\`\`\`ts
${kind.usage(name, packageName).trim()}
\`\`\`

MIT licence.
`;
}
