import { randomIntegers, uniform, type RandomKey } from "@ansatz/core";
import { Columns } from "@ansatz/data";
import { polygonArea, polygonHull } from "d3-polygon";

export type Point = [x: number, y: number];

/**
 * The corners of the convex hull, as places in a list of points: counter-clockwise, from the leftmost point. So there
 * is one right answer. The paper begins at the lowest place (Section 3.1), which a set of points does not have.
 */
export function hullOf(points: readonly Point[]): number[] {
  const corners = polygonHull([...points])!.map((corner) => points.indexOf(corner));
  // Its y axis points down, so what it calls counter-clockwise has a negative area where y points up.
  if (signedArea(corners.map((corner) => points[corner]!)) < 0) corners.reverse();
  const xs = corners.map((corner) => points[corner]![0]);
  const start = xs.indexOf(Math.min(...xs));
  return [...corners.slice(start), ...corners.slice(0, start)];
}

/** Positive for a polygon that goes counter-clockwise, with y upwards. */
export function signedArea(polygon: readonly Point[]): number {
  return -polygonArea(polygon.map((corner): Point => [...corner]));
}

/** Whether no side crosses or touches another one, except for neighbours at their corner. */
export function isSimple(polygon: readonly Point[]): boolean {
  if (polygon.length < 3 || new Set(polygon).size < polygon.length) return false;
  const side = (i: number) => [polygon[i]!, polygon[(i + 1) % polygon.length]!] as const;
  for (let i = 0; i < polygon.length; i++)
    for (let j = i + 2; j < polygon.length - (i === 0 ? 1 : 0); j++) if (cross(...side(i), ...side(j))) return false;
  return true;
}

/** Whether the segments a–b and c–d have a point in common, for points of which no three are on a line. */
function cross(a: Point, b: Point, c: Point, d: Point): boolean {
  const turn = (p: Point, q: Point, r: Point) =>
    Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
  return turn(a, b, c) !== turn(a, b, d) && turn(c, d, a) !== turn(c, d, b);
}

/** How much of the area of the hull a polygon of its points covers. A polygon that isn't simple covers nothing. */
export function covered(points: readonly Point[], answer: readonly number[]): number {
  const polygon = answer.map((place) => points[place]!);
  if (!isSimple(polygon)) return 0;
  return Math.abs(signedArea(polygon)) / signedArea(hullOf(points).map((corner) => points[corner]!));
}

export interface HullOptions {
  readonly count: number;
  /** The least and the greatest number of points. */
  readonly least: number;
  readonly most: number;
  /** How many points each problem is padded to. */
  readonly places: number;
}

/**
 * Random points in the unit square and their hulls: `points` [batch, places, 2], padded with 0 after `lengths` [batch],
 * and `hull` [batch, places + 1]: the corners, then the end, which is the number of places, then −1.
 */
export async function hulls(
  key: RandomKey,
  { count, least, most, places }: HullOptions,
): Promise<Columns<"points" | "lengths" | "hull">> {
  const points = Float32Array.from(await uniform(key.fold(0), [count, places, 2]).data());
  const lengths = Int32Array.from(await randomIntegers(key.fold(1), [count], { low: least, high: most + 1 }).data());
  const hull = new Int32Array(count * (places + 1)).fill(-1);
  for (const [i, length] of lengths.entries()) {
    const own = points.subarray(2 * places * i, 2 * places * (i + 1));
    own.fill(0, 2 * length);
    hull.set([...hullOf(pointsOf(own, length)), places], i * (places + 1));
  }
  return new Columns({
    points: { data: points, shape: [places, 2] },
    lengths: { data: lengths },
    hull: { data: hull, shape: [places + 1] },
  });
}

/** The first points of x₀, y₀, x₁, y₁, …. */
export function pointsOf(values: ArrayLike<number>, length: number): Point[] {
  return Array.from({ length }, (_, i): Point => [values[2 * i]!, values[2 * i + 1]!]);
}
