import { ArgumentError } from "../contract/errors.ts";
import { afterEach, describe, expect, test, vi } from "vitest";
import { boxMuller } from "./box-muller.ts";
import { assembleRoutines, routines } from "./routines.ts";
import { drawBits, drawMask, drawNormals, threefry2x32, type Key } from "./threefry.ts";

const key: Key = [0x13198a2e, 0x93707344];

/** The words by definition, one by one. */
function words(count: number, start = 0): number[] {
  return Array.from({ length: count }, (_, i) => threefry2x32(key[0], key[1], start + (i >> 1), 0)[i % 2] as number);
}

describe("drawNormals", () => {
  /** Box and Muller's formula with JavaScript's own functions. */
  function formula(first: number, second: number): [number, number] {
    const [radius, angle] = [Math.sqrt(-2 * Math.log(1 - first / 2 ** 32)), 2 * Math.PI * (second / 2 ** 32)];
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  }

  test.each([0, 1, 2, 3, 5, 8_191, 8_193, 40_001])("%i numbers are the formula's", (count) => {
    const [values, bits] = [drawNormals(key, count, 0, 1), words(count + 1)];
    for (let i = 0; i < count; i++) {
      const expected = formula(bits[i - (i % 2)]!, bits[i - (i % 2) + 1]!)[i % 2]!;
      expect(Math.abs(values[i]! - expected)).toBeLessThan(1e-7 * Math.max(1e-3, Math.abs(expected)));
    }
  });

  test.each([0, 1, 2 ** 29, 2 ** 30, 2 ** 31, 3 * 2 ** 30 + 1, 2 ** 32 - 1])("the word %i at either place", (word) => {
    const pairs: [number, number][] = [
      [word, 12_345],
      [12_345, word],
      [word, word],
    ];
    for (const pair of pairs) {
      const values = new Float64Array(2);
      boxMuller(pair, 2 ** -32, values);
      const expected = formula(...pair);
      for (const i of [0, 1]) expect(Math.abs(values[i]! - expected[i]!)).toBeLessThan(4e-15);
    }
  });
});

describe("threefry2x32", () => {
  // The known answers that the authors' own library (Random123) is tested with.
  test.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as const)("key %o, counter %o", ([key0, key1], [counter0, counter1], expected) => {
    expect(threefry2x32(key0, key1, counter0, counter1)).toEqual(expected);
  });
});

describe("drawBits", () => {
  test("the SIMD routine is in use", () => expect(routines()).toBeDefined());

  test.each([0, 1, 2, 7, 8, 9, 15, 33, 16_383, 16_384, 16_385, 40_001])("%i words are the definition's", (count) => {
    expect([...drawBits(key, count)]).toEqual(words(count));
  });

  test("starts at any counter, up to the last", () => {
    expect([...drawBits(key, 11, 12_345)]).toEqual(words(11, 12_345));
    expect([...drawBits(key, 2, 2 ** 32 - 1)]).toEqual([...threefry2x32(key[0], key[1], 2 ** 32 - 1, 0)]);
    expect(() => drawBits(key, 3, 2 ** 32 - 1)).toThrow(ArgumentError);
  });

  test("fills a given array", () => {
    const into = new Uint32Array(21);
    expect(drawBits(key, 21, 3, into)).toBe(into);
    expect([...into]).toEqual(words(21, 3));
    expect(() => drawBits(key, 20, 3, into)).toThrow(ArgumentError);
  });

  test("the routines stay about two kilobytes", () => expect(assembleRoutines().length).toBeLessThan(2_500));

  test("a later draw does not reach into an earlier one", () => {
    const first = drawBits(key, 64);
    drawBits([1, 2], 64);
    expect([...first]).toEqual(words(64));
  });
});

describe("drawMask", () => {
  test.each([1, 2, 16, 17, 16_385, 40_001])("%i decisions are those of the words' halves", (count) => {
    const expected = words(Math.ceil(count / 2))
      .flatMap((word) => [word & 0xffff, word >>> 16])
      .slice(0, count)
      .map((half) => (half < 0.25 * 65_536 ? 4 : 0));
    expect([...drawMask(key, count, 0.25, 4)]).toEqual(expected);
  });

  test("fills a given array", () => {
    const into = new Float32Array(21);
    expect(drawMask(key, 21, 0.5, 2, into)).toBe(into);
    expect(into).toEqual(drawMask(key, 21, 0.5, 2));
    expect(() => drawMask(key, 20, 0.5, 2, into)).toThrow(ArgumentError);
  });

  test("always and never", () => {
    expect([...drawMask(key, 100, 1, 1.5)]).toEqual(new Array(100).fill(1.5));
    expect([...drawMask(key, 100, 0, 1.5)]).toEqual(new Array(100).fill(0));
    expect(() => drawMask(key, 1, 1.01, 1)).toThrow(ArgumentError);
    expect(() => drawMask(key, 1, Number.NaN, 1)).toThrow(ArgumentError);
  });

  test("keeps as many as asked for", () => {
    const kept = drawMask(key, 1_000_000, 0.9, 1).reduce((sum, x) => sum + x, 0);
    expect(Math.abs(kept / 1_000_000 - 0.9)).toBeLessThan(0.0015); // five standard deviations
  });
});

describe("without WebAssembly", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  test("the same bits", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    vi.resetModules();
    const plain = await import("./threefry.ts");
    expect((await import("./routines.ts")).routines()).toBeUndefined();
    expect(plain.drawBits(key, 1_001, 5)).toEqual(drawBits(key, 1_001, 5));
    expect(plain.drawMask(key, 1_001, 0.3, 2)).toEqual(drawMask(key, 1_001, 0.3, 2));
    expect(plain.drawNormals(key, 40_001, 3, 0.02)).toEqual(drawNormals(key, 40_001, 3, 0.02));
  });
});
