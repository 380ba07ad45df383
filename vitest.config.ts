import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { SummaryReporter } from "./scripts/summary-reporter.ts";

const root = import.meta.dirname;

/** Sources are preferred over builds, so that tests run in a fresh clone and always see the latest code. */
const conditions = ["source", "module", "node", "development|production"];

function packageFolders(): string[] {
  const nested = ["packages", "packages/create-ansatz/templates", "plugins", "experiments", "examples"].flatMap(
    (group) => readdirSync(join(root, group)).map((name) => join(root, group, name)),
  );
  return [...nested, join(root, "tests"), join(root, "bench")].filter((folder) =>
    existsSync(join(folder, "package.json")),
  );
}

function packageName(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { name: string }).name;
}

export default defineConfig({
  test: {
    passWithNoTests: true,
    reporters: ["default", new SummaryReporter()],
    projects: packageFolders().map((folder) => ({
      root: folder,
      resolve: { conditions },
      ssr: { resolve: { conditions } },
      test: {
        name: packageName(folder),
        include: ["**/*.test.ts"],
        exclude: ["**/node_modules/**", "**/dist/**", "templates/**"], // these are packages of their own
        testTimeout: 60_000,
        hookTimeout: 60_000,
      },
    })),
  },
});
