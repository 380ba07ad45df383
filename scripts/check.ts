/** Everything that must hold besides the tests. A failure does not stop the parts after it: one run shows them all. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

const parts = [
  { name: "formatting (`pnpm format` mends it)", command: "prettier --check --log-level warn ." },
  { name: "no line is wider than 120 columns", command: "tsx scripts/check-widths.ts" },
  { name: "lint", command: "oxlint" },
  // One program for all packages: they have the same options, and one by one takes ten times as long.
  { name: "types", command: "npm run --silent types" },
  { name: "unused files, exports and dependencies", command: "knip" },
  { name: "packages can be published", command: "turbo run publishable --output-logs=errors-only" },
  { name: "size of core", command: "size-limit" },
  { name: "every public value is named in a test of its package", command: "tsx scripts/check-tested.ts" },
  { name: "tables of what backends do", command: "tsx --conditions=source scripts/backend-tables.ts --check" },
  { name: "examples of the documentation", command: "tsx --conditions=source scripts/check-examples.ts" },
] as const;

const failed: string[] = [];
for (const { name, command } of parts) {
  console.log(`\n── ${name}: ${command}`);
  const { status } = spawnSync(command, {
    cwd: root,
    shell: true,
    stdio: "inherit",
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
  });
  if (status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? "\nEverything holds." : `\nFailed: ${failed.join("; ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
