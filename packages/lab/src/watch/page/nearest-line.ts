import type uPlot from "uplot";

/** A line of a plot under the pointer, and the index of its nearest point. */
export interface NearLine {
  readonly line: number;
  readonly index: number;
}

/** How wide the nearest line is, and the border that sets it off from the others, in pixels. */
const [width, border] = [2.5, 6];

/**
 * Finds the line that is nearest to the pointer, and draws it once more, above the others. It has a canvas of its own:
 * the others are not drawn again when the pointer moves, however many they are.
 *
 * `columns` are the lines' columns in the data of the plot.
 */
export function nearestLine(
  columns: readonly number[],
  colors: readonly string[],
  paper: string,
  tell: (plot: uPlot, near: NearLine | undefined) => void,
): uPlot.Plugin {
  const canvas = document.createElement("canvas");
  let shown: number | undefined;
  const draw = (plot: uPlot) => {
    ({ width: canvas.width, height: canvas.height } = plot.bbox); // this empties it, too
    if (shown === undefined) return;
    const context = canvas.getContext("2d")!;
    const path = pathOf(plot, columns[shown]!);
    for (const [size, color] of [[border, paper] as const, [width, colors[shown]!] as const]) {
      context.lineWidth = size * devicePixelRatio;
      context.strokeStyle = color;
      context.stroke(path);
    }
  };
  return {
    hooks: {
      ready: (plot) => plot.over.append(canvas),
      draw,
      setCursor: (plot) => {
        const near = nearestTo(plot, columns);
        if (near?.line !== shown) {
          shown = near?.line;
          draw(plot);
        }
        tell(plot, near);
      },
    },
  };
}

function pathOf(plot: uPlot, column: number): Path2D {
  const path = new Path2D();
  const { left, top } = plot.bbox;
  for (const [i, value] of plot.data[column]!.entries())
    if (typeof value === "number")
      path.lineTo(plot.valToPos(plot.data[0][i]!, "x", true) - left, plot.valToPos(value, "y", true) - top);
  return path;
}

function nearestTo({ cursor, data, valToPos }: uPlot, columns: readonly number[]): NearLine | undefined {
  const { left = -1, top = -1, idxs } = cursor;
  if (left < 0 || idxs === undefined) return undefined;
  let [near, least]: [NearLine | undefined, number] = [undefined, Infinity];
  for (const [line, column] of columns.entries()) {
    const index = idxs[column];
    const value = index === null || index === undefined ? undefined : data[column]![index];
    if (typeof value !== "number") continue;
    const distance = Math.hypot(valToPos(data[0][index!]!, "x") - left, valToPos(value, "y") - top);
    if (distance < least) [near, least] = [{ line, index: index! }, distance];
  }
  return near;
}
