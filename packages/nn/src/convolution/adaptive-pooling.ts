import { ArgumentError, concat, max, mean, ShapeError, slice, type SliceRange, type Tensor } from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import type { Spatial } from "./convolution-layer.ts";

type Reduce = (x: Tensor, axis: number, options: { readonly keepDims: true }) => Tensor;

/** Cuts every spatial axis into regions, which may overlap by one element, and reduces each. */
function overRegions(name: string, x: Tensor, size: Spatial, reduce: Reduce): Tensor {
  const axes = x.rank - 2;
  if (axes < 1)
    throw new ShapeError(
      `${name}: x is ${showShape(x.shape)} but must be [batch, channels, ...space] with at least one spatial axis`,
    );
  const sizes = typeof size === "number" ? Array.from({ length: axes }, () => size) : size;
  if (sizes.length !== axes || sizes.some((n) => !Number.isInteger(n) || n < 1))
    throw new ArgumentError(
      `${name}: the size is [${sizes.join(", ")}]\n` +
        `  use a whole number, 1 or more, for each of the ${axes} spatial axes`,
    );
  return sizes.reduce((y, count, i) => regions(y, i + 2, count, reduce), x);
}

function regions(x: Tensor, axis: number, count: number, reduce: Reduce): Tensor {
  const length = x.shape[axis]!;
  const part = (place: number): Tensor => {
    const bounds: SliceRange = [Math.floor((place * length) / count), Math.ceil(((place + 1) * length) / count)];
    return reduce(
      slice(
        x,
        x.shape.map((_, i) => (i === axis ? bounds : null)),
      ),
      axis,
      { keepDims: true },
    );
  };
  return concat(
    Array.from({ length: count }, (_, place) => part(place)),
    axis,
  );
}

/**
 * Cuts every spatial axis into `size` regions, for inputs of any length, and takes the mean of each. x is [batch,
 * channels, ...space].
 *
 * @throws ShapeError without a spatial axis; ArgumentError for sizes that do not fit
 * @example adaptiveAveragePool(tensor([[[1, 2, 3, 4]]]), 2)  // [[[1.5, 3.5]]]
 */
export function adaptiveAveragePool(x: Tensor, size: Spatial): Tensor {
  return overRegions("adaptiveAveragePool", x, size, mean);
}

/**
 * Cuts every spatial axis into `size` regions, for inputs of any length, and takes the maximum of each. x is [batch,
 * channels, ...space].
 *
 * @throws ShapeError without a spatial axis; ArgumentError for sizes that do not fit
 * @example adaptiveMaxPool(tensor([[[1, 2, 3, 4]]]), 2)  // [[[2, 4]]]
 */
export function adaptiveMaxPool(x: Tensor, size: Spatial): Tensor {
  return overRegions("adaptiveMaxPool", x, size, max);
}
