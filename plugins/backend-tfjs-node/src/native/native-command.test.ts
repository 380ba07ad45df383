import { expect, test } from "vitest";
import { nativeCommand } from "./native-command.ts";

test("the command fits where it is typed, and asks no registry", () => {
  expect(nativeCommand(import.meta.url)).toBe("npx pnpm@10 tfjs-native");
  expect(nativeCommand("file:///project/node_modules/@ansatz/backend-tfjs-node/dist/index.js")).toBe(
    "npx --no ansatz-tfjs-native",
  );
});
