import { ArgumentError, ShapeError } from "../../contract/errors.ts";
import { defineOp, record } from "../../graph/op.ts";
import { showShape } from "../../contract/shape.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { full } from "../creation.ts";
import { toTensor, withOp } from "../family.ts";
import { flip, reshape, transpose } from "../layout/movement.ts";

interface Geometry {
  readonly stride: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  readonly inputDilation: readonly number[];
  readonly kernelDilation: readonly number[];
  readonly groups: number;
}

export interface ConvolutionOptions {
  /** How far the kernel moves, for each spatial axis or all. */
  readonly stride?: number | readonly number[];
  /** Zeros added on both sides, or [before, after] for each spatial axis; negative ones cut. */
  readonly padding?: number | readonly (number | readonly [number, number])[];
  /** The distance of the kernel's elements. */
  readonly kernelDilation?: number | readonly number[];
  /** The distance of the input's elements: a transposed convolution has more than 1. */
  readonly inputDilation?: number | readonly number[];
  /** Independent groups of channels. */
  readonly groups?: number;
}

const stretched = (length: number, dilation: number) => (length === 0 ? 0 : (length - 1) * dilation + 1);

const convolutionOp = defineOp({
  name: "convolution",
  names: ["x", "kernel"],
  accepts: "floating",
  shape: (inputs, attributes) => {
    const [x, kernel] = inputs as [Tensor, Tensor];
    const { stride, padding, inputDilation, kernelDilation, groups } = attributes as unknown as Geometry;
    const clash = (what: string) =>
      new ShapeError(
        `convolution: ${what}\n  x:      ${showShape(x.shape)}  (batch channels ...space)\n` +
          `  kernel: ${showShape(kernel.shape)}  (outputs channels/groups ...window)`,
      );
    if (x.rank < 3 || x.rank > 5 || kernel.rank !== x.rank)
      throw clash("x and kernel need a batch and a channel axis and the same 1 to 3 spatial axes");
    if (x.shape[1] !== kernel.shape[1]! * groups)
      throw clash(`"channels" is ${x.shape[1]} in x but ${kernel.shape[1]! * groups} in kernel (${groups} groups)`);
    if (kernel.shape[0]! % groups !== 0) throw clash(`${kernel.shape[0]} outputs do not divide into ${groups} groups`);
    const space = stride.map((step, i) => {
      const [before, after] = padding[i]!;
      const room =
        before +
        stretched(x.shape[i + 2]!, inputDilation[i]!) +
        after -
        stretched(kernel.shape[i + 2]!, kernelDilation[i]!);
      if (room < 0) throw clash(`the kernel is larger than the padded input in spatial axis ${i}`);
      return Math.floor(room / step) + 1;
    });
    return [x.shape[0]!, kernel.shape[0]!, ...space];
  },
  grad: (g, inputs, _y, attributes) => {
    const [x, kernel] = inputs as [Tensor, Tensor];
    const geometry = attributes as unknown as Geometry;
    return [inputGradient(g, x, kernel, geometry), kernelGradient(g, x, kernel, geometry)];
  },
  whenEmpty: (_inputs, _attributes, { shape, dtype }) => full(shape, 0, { dtype }),
});

const convolve = (x: Tensor, kernel: Tensor, geometry: Geometry) => record(convolutionOp, [x, kernel], { ...geometry });
const spatialAxes = (x: Tensor) => Array.from({ length: x.rank - 2 }, (_, i) => i + 2);

/** The gradient with respect to x: g, dilated by the stride, convolved with the kernel turned round. */
function inputGradient(
  g: Tensor,
  x: Tensor,
  kernel: Tensor,
  { stride, padding, inputDilation, kernelDilation, groups }: Geometry,
): Tensor {
  const [outputs, channels, ...window] = kernel.shape as [number, number, ...number[]];
  const grouped = reshape(kernel, [groups, outputs / groups, channels, ...window]);
  const swapped = reshape(transpose(grouped, [0, 2, 1, ...window.map((_, i) => i + 3)]), [
    groups * channels,
    outputs / groups,
    ...window,
  ]);
  const back = stride.map((step, i): readonly [number, number] => {
    const reach = stretched(window[i]!, kernelDilation[i]!);
    const before = reach - 1 - padding[i]![0];
    return [
      before,
      stretched(x.shape[i + 2]!, inputDilation[i]!) + reach - 1 - before - stretched(g.shape[i + 2]!, step),
    ];
  });
  return convolve(g, flip(swapped, spatialAxes(kernel)), {
    stride: inputDilation,
    padding: back,
    inputDilation: stride,
    kernelDilation,
    groups,
  });
}

/** The gradient with respect to the kernel: x convolved with g, with batch and channels exchanged. */
function kernelGradient(
  g: Tensor,
  x: Tensor,
  kernel: Tensor,
  { stride, padding, inputDilation, kernelDilation, groups }: Geometry,
): Tensor {
  const space = x.shape.slice(2);
  const window = kernel.shape.slice(2);
  const left = imagesAsChannels(x, groups);
  const right = transpose(g, [1, 0, ...spatialAxes(g)]);
  const forward = stride.map((step, i): readonly [number, number] => {
    const before = padding[i]![0];
    const needed = stretched(g.shape[i + 2]!, step) + stretched(window[i]!, kernelDilation[i]!) - 1;
    return [before, needed - before - stretched(space[i]!, inputDilation[i]!)];
  });
  const result = convolve(left, right, {
    stride: kernelDilation,
    padding: forward,
    inputDilation,
    kernelDilation: stride,
    groups,
  });
  return transpose(result, [1, 0, ...spatialAxes(kernel)]);
}

/** [batch, groups × channels, ...space] -> [channels, groups × batch, ...space] */
function imagesAsChannels(x: Tensor, groups: number): Tensor {
  if (groups === 1) return transpose(x, [1, 0, ...spatialAxes(x)]);
  const [batch, channels, ...space] = x.shape as [number, number, ...number[]];
  const grouped = reshape(x, [batch, groups, channels / groups, ...space]);
  const swapped = transpose(grouped, [2, 1, 0, ...space.map((_, i) => i + 3)]);
  return reshape(swapped, [channels / groups, groups * batch, ...space]);
}

/**
 * Convolution, as neural networks mean it (cross-correlation), over 1 to 3 spatial axes.
 *
 * x is [batch, channels, ...space], kernel [outputs, channels / groups, ...window]; the result is [batch, outputs,
 * ...space′].
 *
 * @throws ShapeError when channels or groups do not fit, or the kernel is larger than the padded input
 * @example convolution(tensor([[[1, 2, 3]]]), tensor([[[1, 1]]]))  // [[[3, 5]]]
 */
export const convolution = withOp(
  convolutionOp,
  (x: TensorLike, kernel: TensorLike, options: ConvolutionOptions = {}): Tensor => {
    const operand = toTensor(x);
    const axes = Math.max(0, operand.rank - 2);
    const each = (name: string, value: number | readonly number[]) => {
      const list = typeof value === "number" ? Array.from({ length: axes }, () => value) : value;
      if (list.length !== axes || list.some((n) => !Number.isInteger(n) || n < 1))
        throw new ArgumentError(
          `convolution: ${name} is [${list.join(",")}]\n` +
            `  use a whole number, 1 or more, for each of the ${axes} spatial axes`,
        );
      return list;
    };
    const given = options.padding ?? 0;
    const padding = (typeof given === "number" ? Array.from({ length: axes }, () => given) : given).map(
      (p): readonly [number, number] => (typeof p === "number" ? [p, p] : p),
    );
    if (padding.length !== axes || padding.flat().some((n) => !Number.isInteger(n)))
      throw new ArgumentError(
        `convolution: the padding must be a whole number or [before, after] for each of the ${axes} spatial axes`,
      );
    return convolve(operand, toTensor(kernel, operand.dtype), {
      stride: each("stride", options.stride ?? 1),
      padding,
      inputDilation: each("inputDilation", options.inputDilation ?? 1),
      kernelDilation: each("kernelDilation", options.kernelDilation ?? 1),
      groups: each(
        "groups",
        Array.from({ length: axes }, () => options.groups ?? 1),
      )[0]!,
    });
  },
);
