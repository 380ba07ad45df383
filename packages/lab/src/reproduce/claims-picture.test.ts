import { expect, test } from "vitest";
import type { Claim } from "../experiment/claim.ts";
import { drawClaims } from "./claims-picture.ts";
import { judge } from "./judge.ts";

const seedsOf = (...values: readonly number[]) =>
  values.map((figure, i) => ({ seed: i + 1, result: { figure }, baselines: {} }));
const claimOf = (bounds: Partial<Claim>): Claim => ({
  claim: "it holds",
  value: ({ figure }) => figure!,
  ...bounds,
});
const draw = (claim: Claim, ...values: readonly number[]) =>
  drawClaims(judge([claim], seedsOf(...values)), "adding, 4 seeds");

/** Where the range that is wanted begins and ends, of 640. */
function wantedIn(svg: string): readonly [left: number, right: number] {
  const [, left, right] = /<path aria-label="from: [^"]*"[^>]* d="M([\d.]+),0h([\d.]+)v24[^"]*" fill="#dcebdc"/.exec(
    svg,
  )!;
  return [Number(left), Number(left) + Number(right)];
}

test.each([
  ["held", { atLeast: 1 }, [2, 2.1, 1.9, 2.05], "#0072b2"],
  ["refuted", { atLeast: 1 }, [0.5, 0.4, 0.6, 0.45], "#d55e00"],
  ["undecided", { atLeast: 1 }, [0.5, 1.4, 0.6, 1.45], "#767676"],
] as const)("a claim that is %s has its own colour, and says so", async (outcome, bounds, values, colour) => {
  const svg = await draw(claimOf(bounds), ...values);
  expect(svg).toContain(`>${outcome}: `);
  expect(svg).toContain("wanted at least 1<");
  const colours = new Set([...svg.matchAll(/#0072b2|#d55e00|#767676/g)].map(([found]) => found));
  expect([...colours]).toEqual([colour]);
  expect(svg.match(/aria-roledescription="tick"/g)).toHaveLength(values.length);
});

test("what is wanted is green, from bound to bound or to the edge", async () => {
  // The axis reaches 6 % further than what is shown: here from 0 to 4.
  const spread = [1.9, 2, 2.1];
  expect(wantedIn(await draw(claimOf({ atLeast: 0, atMost: 4 }), ...spread)).map(Math.round)).toEqual([34, 606]);
  const [left, right] = wantedIn(await draw(claimOf({ atLeast: 0, reported: 4 }), ...spread));
  expect([left, right].map(Math.round)).toEqual([34, 640]);
  expect(wantedIn(await draw(claimOf({ atMost: 4, reported: 0 }), ...spread)).map(Math.round)).toEqual([0, 606]);
});

test("the paper's figure has a triangle, and the sentence names it", async () => {
  const [without, withIt] = await Promise.all([
    draw(claimOf({ moreThan: 0 }), 1, 2, 3),
    draw(claimOf({ moreThan: 0, reported: 2.34567 }), 1, 2, 3),
  ]);
  expect(withIt).toContain(", the paper 2.346<");
  expect(without).not.toContain("the paper 2");
  expect(withIt.match(/fill="black"[^>]*stroke/g)?.length).not.toBe(without.match(/fill="black"[^>]*stroke/g)?.length);
});

test("a figure that is not finite is named, and the other seeds are shown", async () => {
  const svg = await draw(claimOf({ moreThan: 0 }), 1, NaN, 3);
  expect(svg).toContain(">undecided: NaN, wanted more than 0<");
  expect(svg.match(/aria-roledescription="tick"/g)).toHaveLength(2);
  expect(svg).not.toMatch(/d="[^"]*NaN/);
});

test("a long claim is written in lines, of which none is cut", async () => {
  const long = Array.from({ length: 60 }, (_, i) => `word${i}`).join(" ");
  const svg = await draw({ ...claimOf({ moreThan: 0 }), claim: long }, 1, 2, 3);
  const lines = [...svg.matchAll(/>(word[^<]*)</g)].map(([, line]) => line!);
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.join(" ")).toBe(long);
  expect(Math.max(...lines.map((line) => line.length))).toBeGreaterThan(64);
  expect(svg).not.toContain("…");
  expect(Number(/width="(\d+)"/.exec(svg)![1])).toBeLessThan(720);
});
