import { chownSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { folders } from "./testing.ts";
import { checkTrust, isOwn } from "./trust.ts";

const newFolder = folders();
let place = "";

function put(path: string): string {
  mkdirSync(dirname(join(place, path)), { recursive: true });
  writeFileSync(join(place, path), "{}");
  return join(place, path);
}

beforeEach(() => {
  place = realpathSync(newFolder());
  mkdirSync(join(place, "below"));
  vi.spyOn(process, "cwd").mockImplementation(() => join(place, "below"));
});
afterEach(() => void vi.restoreAllMocks());

test("an experiment that a link leads to is the user's own, by either path", () => {
  const file = put("elsewhere/index.ts");
  expect(isOwn(file)).toBe(false);
  mkdirSync(join(place, "experiments"));
  symlinkSync(join(place, "elsewhere"), join(place, "experiments/linked"), "junction");
  expect([isOwn(file), isOwn(join(place, "experiments/linked/index.ts"))]).toEqual([true, true]);
  // It is still not run from within the folder that is resumed, whatever the path.
  mkdirSync(join(place, "run"));
  symlinkSync(join(place, "elsewhere"), join(place, "run/linked"), "junction");
  expect(() => checkTrust(join(place, "run/linked/index.ts"), join(place, "run"), "")).not.toThrow();
  expect(() => checkTrust(join(place, "experiments/linked/index.ts"), join(place, "elsewhere"), "")).toThrow("names");
});

describe.skipIf(process.getuid === undefined)("in a folder that all users share", () => {
  /** Whether a file counts as one's own for the user who owns these paths, and for another user. */
  function ownFor(file: string, paths: readonly string[]): boolean[] {
    const user = process.getuid!() || 12_345; // root gives them away, because what is root's is everybody's
    if (process.getuid!() === 0) for (const path of paths) chownSync(path, user, user);
    return [user, user + 1].map((one) => {
      vi.spyOn(process, "getuid").mockReturnValue(one);
      return isOwn(file);
    });
  }

  test("another user's folder of experiments is not one's own", () => {
    const file = put("experiments/adding/index.ts");
    expect(ownFor(file, [join(place, "experiments")])).toEqual([true, false]);
  });

  test("nor is an experiment of another user in it", () => {
    const file = put("experiments/adding/index.ts");
    expect(ownFor(file, [file])).toEqual([true, false]);
  });

  test("nor is another user's package or folder node_modules above", () => {
    const manifest = put("package.json");
    expect(ownFor(put("src/index.ts"), [manifest])).toEqual([true, false]);
    vi.restoreAllMocks();
    vi.spyOn(process, "cwd").mockImplementation(() => join(place, "below"));
    const file = put("node_modules/published/index.js");
    expect(ownFor(file, [join(place, "node_modules")])).toEqual([true, false]);
  });
});
