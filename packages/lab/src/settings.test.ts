import { ArgumentError } from "@ansatz/core";
import { expect, expectTypeOf, test } from "vitest";
import { describeSettings, parseSettings, type SettingsDefinition } from "./settings.ts";

const definition = {
  steps: { default: 100, description: "updates", whole: true, least: 1 },
  learningRate: { default: 1e-3, description: "at its highest" },
  dropoutRate: { default: 0, description: "share of activations set to 0", least: 0, most: 0.9 },
  optimizer: { default: "adamw", description: "update rule", choices: ["adamw", "lion"] },
} as const satisfies SettingsDefinition;

test("settings take the type of their choices or their defaults", () => {
  const settings = parseSettings(definition, ["--steps", "200", "--learning-rate=3e-4", "--optimizer", "lion"]);
  expect(settings).toEqual({ steps: 200, learningRate: 3e-4, dropoutRate: 0, optimizer: "lion" });
  expectTypeOf(settings.steps).toEqualTypeOf<number>();
  expectTypeOf(settings.optimizer).toEqualTypeOf<"adamw" | "lion">();
  // @ts-expect-error: "loin" is not one of the choices
  expect(settings.optimizer === "loin").toBe(false);
});

test.each([
  [["--step", "5"], /no setting --step\n {2}did you mean --steps\?/],
  [["--constructor", "5"], /no setting --constructor/],
  [["--steps"], /--steps needs a value/],
  [["--steps", "0"], /--steps cannot be "0"\n {2}use a whole number, 1 or more/],
  [["--steps", "1.5"], /--steps cannot be "1.5"/],
  [["--steps", ""], /--steps cannot be ""/],
  [["--dropout-rate", "1"], /cannot be "1"\n {2}use a number, 0 to 0.9/],
  [["--learning-rate", "fast"], /cannot be "fast"\n {2}use a number/],
  [["--learning-rate", "NaN"], /cannot be "NaN"/],
  [["--optimizer", "lyon"], /cannot be "lyon"\n {2}use adamw or lion/],
  [["--steps", "5", "--steps=6"], /--steps is given twice/],
  [["loose"], /"loose" isn't a setting/],
])("%j is refused", (words, message) => {
  expect(() => parseSettings(definition, words)).toThrow(ArgumentError);
  expect(() => parseSettings(definition, words)).toThrow(message);
});

test("settings describe themselves, one line for each", () => {
  expect(describeSettings(definition).split("\n")).toHaveLength(4);
  expect(describeSettings(definition)).toContain("--dropout-rate");
});
