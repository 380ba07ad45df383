import { ArgumentError } from "@ansatz/core";
import { describe, expect, test } from "vitest";
import { describeSettings, parseSettings, type SettingsDefinition } from "./index.ts";

const definition = {
  learningRate: { default: 1e-3, description: "its peak", least: 0, most: 1 },
  hiddenSize: { default: 128, description: "width", unit: "features", whole: true, least: 1 },
  optimizer: { default: "adamw", description: "the rule", choices: ["adamw", "lion"] },
  text: { default: "whale", description: "what to read" },
} as const satisfies SettingsDefinition;

const parse = (line: string) => parseSettings(definition, line === "" ? [] : line.split(" "));

describe("parseSettings", () => {
  test("without words, everything has its default", () => {
    expect(parse("")).toEqual({ learningRate: 1e-3, hiddenSize: 128, optimizer: "adamw", text: "whale" });
  });

  test("takes values behind a space or an equals sign; the last one counts", () => {
    expect(parse("--learning-rate 3e-4 --hidden-size=64 --optimizer lion --text=a=b --hidden-size 32")).toEqual({ learningRate: 3e-4, hiddenSize: 32, optimizer: "lion", text: "a=b" });
  });

  test("types follow the defaults", () => {
    const settings = parse("--hidden-size 64");
    const doubled: number = settings.hiddenSize * 2;
    const shouted: string = settings.optimizer.toUpperCase();
    expect([doubled, shouted]).toEqual([128, "ADAMW"]);
  });

  test.each([
    ["--lerning-rate 1", "did you mean --learning-rate?"],
    ["--hiden-size 1", "did you mean --hidden-size?"],
    ["--zzzzzzzzzzzz 1", "--help lists them"],
    ["learning-rate 1", '"learning-rate" is no setting'],
    ["--hidden-size", "--hidden-size needs a value"],
    ["--hidden-size 1.5", 'cannot be "1.5"'],
    ["--hidden-size 0", "1 or more"],
    ["--hidden-size many", "a whole number of features"],
    ["--learning-rate 2", "0 to 1"],
    ["--learning-rate -1", "0 to 1"],
    ["--learning-rate NaN", 'cannot be "NaN"'],
    ["--learning-rate=", 'cannot be ""'],
    ["--optimizer sgd", "use adamw or lion"],
  ])("%s: %s", (line, message) => {
    expect(() => parse(line)).toThrow(ArgumentError);
    expect(() => parse(line)).toThrow(message);
  });
});

test("describeSettings tells of each setting what it is, what it may be, and its default", () => {
  const lines = describeSettings(definition).split("\n");
  expect(lines).toHaveLength(4);
  expect(lines[0]).toBe("  --learning-rate  its peak (a number, 0 to 1; 0.001)");
  expect(lines[1]).toBe("  --hidden-size    width (a whole number of features, 1 or more; 128)");
  expect(lines[2]).toBe("  --optimizer      the rule (adamw or lion; adamw)");
});
