import { expect, test } from "vitest";
import { compareReleases, meets, parseRelease, requirementsOf } from "./versions.ts";

test("releases are ordered by their numbers, and a release candidate is not a release", () => {
  expect(["12.10.0", "12.9", "2.21.0"].map((version) => parseRelease(version)!).toSorted(compareReleases)).toEqual([
    [2, 21, 0],
    [12, 9],
    [12, 10, 0],
  ]);
  expect(compareReleases([2, 21], [2, 21, 0])).toBe(0);
  expect(parseRelease("2.21.0rc1")).toBeUndefined();
});

test.for([
  ["12.5.3.2", true],
  ["12.9.1", true],
  ["12.5.3.1", false],
  ["13.0", false],
] as const)("%s meets <13.0,>=12.5.3.2: %s", ([version, expected]) => {
  expect(meets(parseRelease(version)!, "<13.0,>=12.5.3.2")).toBe(expected);
});

test("a requirement that cannot be read is an error", () => {
  expect(() => meets([1], "~=1.0")).toThrow(/"~=1.0" of a wheel cannot be read/);
});

test("the requirements of one extra are read from METADATA, in both notations", () => {
  const metadata = `Metadata-Version: 2.1
Requires-Dist: numpy>=1.26.0
Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"
Requires-Dist: nvidia-nccl-cu12 (<3.0,>=2.27.7) ; extra == 'and-cuda'
Requires-Dist: pytest; extra == "test"
`;
  expect(requirementsOf(metadata, "and-cuda")).toEqual([
    { project: "nvidia-cublas-cu12", versions: "<13.0,>=12.5.3.2" },
    { project: "nvidia-nccl-cu12", versions: "<3.0,>=2.27.7" },
  ]);
});
