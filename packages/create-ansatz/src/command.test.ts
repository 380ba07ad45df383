import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";

const place = mkdtempSync(join(tmpdir(), "create-command-"));
afterAll(() => rmSync(place, { recursive: true, force: true }));
const loader = pathToFileURL(join(import.meta.dirname, "../../../node_modules/tsx/dist/loader.mjs")).href;

function command(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", loader, join(import.meta.dirname, "command.ts"), ...words],
    { cwd: place, encoding: "utf8", env: { ...process.env, npm_config_user_agent: "npm/11.0.0 node/v20.19.0" } },
  );
  return { status, stdout, stderr };
}

test("it starts a folder and says how to go on", () => {
  const { status, stdout, stderr } = command("my-research");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^my-research: an experiment, a plugin and their tests\n\n {2}cd my-research\n/);
  expect(stdout).toContain("  npm test\n  npm run experiment -- rule-comparison\n");
  expect(readdirSync(join(place, "my-research"))).toEqual(expect.arrayContaining(["experiments", "plugins"]));
  expect(command("my-research")).toMatchObject({ status: 2, stderr: expect.stringContaining("already exists") });
});

test("it shows its usage and its version", () => {
  expect(command("--help").stdout).toContain("npm create ansatz NAME");
  expect(command("--version").stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.each([
  [[], /^CreateError: the folder needs a name\n {2}for example: npm create ansatz my-research\n$/],
  [["a", "b"], /^CreateError: "b" is one word too many\n {2}write npm create ansatz a\n$/],
  [["My"], /^CreateError: "My" isn't a valid name for a package\n {2}begin with a letter.* e\.g\. my-research\n$/],
  [["a", "--tarball", "b"], /^CreateError: Unknown option '--tarball'/],
])("%j is refused", (words, message) => {
  const { status, stderr } = command(...words);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
});
