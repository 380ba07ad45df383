import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { programAsTyped, typedAs } from "./typed-as.ts";

const folder = mkdtempSync(join(tmpdir(), "scripts-"));
const manifest = join(folder, "package.json");
beforeAll(() => {
  const program = "node --import tsx packages/lab/src/command/index.ts";
  const scripts = {
    ansatz: program,
    start: `${program} run language-model`,
    reproduce: `${program} reproduce`,
    go: "ansatz run .",
    test: "vitest run",
  };
  writeFileSync(manifest, JSON.stringify({ scripts }));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void vi.unstubAllEnvs());

/** As a package manager runs a script with the user's words. */
function runningBy(agent: string, script: string, running = ""): void {
  vi.stubEnv("npm_config_user_agent", agent);
  vi.stubEnv("npm_lifecycle_event", script);
  vi.stubEnv("npm_lifecycle_script", running);
  vi.stubEnv("npm_package_json", running === "" ? manifest : "");
}

test.for([
  ["pnpm/10.1", "ansatz", "list", "npx pnpm@10 ansatz list"],
  ["pnpm/10.1", "ansatz", "run", "npx pnpm@10 ansatz run model"],
  ["pnpm/10.1", "start", "run", "npx pnpm@10 start model"],
  ["pnpm/10.1", "start", "list", "npx pnpm@10 ansatz list"],
  ["pnpm/10.1", "reproduce", "reproduce", "npx pnpm@10 reproduce model"],
  ["pnpm/10.1", "test", "run", "npx pnpm@10 ansatz run model"],
  ["npm/11.0", "ansatz", "list", "npm run ansatz -- list"],
  ["npm/11.0", "go", "run", "npm run go -- model"],
  ["npm/11.0", "npx", "sweep", "npx ansatz sweep"],
] as const)("%s, script %s: %s is typed as %s", ([agent, script, subcommand, typed]) => {
  runningBy(agent, script);
  const names = ["run", "reproduce"].includes(subcommand) ? ["model"] : [];
  expect(typedAs(subcommand, names)).toBe(typed);
});

test("the name of an experiment is left out if the script has it", () => {
  runningBy("pnpm/10.1", "start");
  expect(typedAs("run", ["./language-model", "language-model"])).toBe("npx pnpm@10 start");
});

test("without package.json, the script that is running tells", () => {
  runningBy("pnpm/10.1", "go", "ansatz run model");
  expect(typedAs("run", ["model"])).toBe("npx pnpm@10 go");
  runningBy("yarn/1.22", "own", "/home/me/node_modules/.bin/ansatz");
  expect(programAsTyped()).toBe("npm run own --");
});
