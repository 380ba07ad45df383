import {
  add,
  ArgumentError,
  convolution,
  Module,
  parameter,
  reshape,
  uniform,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { sizeOf } from "@ansatz/core/plugin";
import { fanInUniform, type Initializer } from "../initializers/basic.ts";
import { streamOf, type RandomSource } from "../random-source.ts";

/** One number for all spatial axes, or one for each. */
export type Spatial = number | readonly number[];

export interface ConvolutionLayerOptions {
  /** Default: 1. */
  readonly stride?: Spatial;
  /** Zeros on both sides. "same" adds as many as keep the length, and needs a stride of 1. Default: 0. */
  readonly padding?: Spatial | "same";
  /** Default: 1. */
  readonly dilation?: Spatial;
  /** Independent groups of channels; as many as channels make it depthwise. Default: 1. */
  readonly groups?: number;
  /** Default: true. */
  readonly bias?: boolean;
  /** The initial weight, and the initial bias. Default: uniform, as in PyTorch. */
  readonly initializer?: Initializer;
  readonly random?: RandomSource;
}

/** One number for each spatial axis. @throws ArgumentError */
export function eachAxis(layer: string, what: string, value: Spatial, axes: number): readonly number[] {
  const list = typeof value === "number" ? Array.from({ length: axes }, () => value) : value;
  if (list.length !== axes || list.some((n) => !Number.isInteger(n) || n < 0))
    throw new ArgumentError(`${layer}: ${what} is [${list.join(", ")}]\n  use a whole number, or ${axes} of them`);
  return list;
}

/** Adds the bias of each channel to [batch, channels, ...space]. */
export function withBias(y: Tensor, bias: Parameter | undefined): Tensor {
  return bias === undefined
    ? y
    : add(y, reshape(bias, [bias.shape[0]!, ...Array.from({ length: y.rank - 2 }, () => 1)]));
}

/** A convolution over any number of spatial axes. */
export abstract class ConvolutionLayer extends Module {
  readonly weight: Parameter; // [outputs, inputs / groups, ...window]
  readonly bias: Parameter | undefined; // [outputs]
  readonly stride: readonly number[];
  readonly padding: readonly (readonly [number, number])[];
  readonly dilation: readonly number[];
  readonly groups: number;

  constructor(axes: number, inputs: number, outputs: number, window: Spatial, options: ConvolutionLayerOptions) {
    super();
    const layer = new.target.name;
    const { stride = 1, padding = 0, dilation = 1, groups = 1, initializer = fanInUniform } = options;
    if (inputs % groups !== 0 || outputs % groups !== 0)
      throw new ArgumentError(
        `${layer}: ${groups} groups do not divide ${inputs} inputs and ${outputs} outputs\n` +
          "  use a number that divides both",
      );
    const lengths = eachAxis(layer, "the window", window, axes);
    this.stride = eachAxis(layer, "the stride", stride, axes);
    this.dilation = eachAxis(layer, "the dilation", dilation, axes);
    if (padding === "same" && this.stride.some((step) => step !== 1))
      throw new ArgumentError(`${layer}: a padding of "same" needs a stride of 1\n  give the padding as a number`);
    const reach = lengths.map((length, i) => (length - 1) * this.dilation[i]!);
    this.padding =
      padding === "same"
        ? reach.map((r): readonly [number, number] => [Math.floor(r / 2), Math.ceil(r / 2)])
        : eachAxis(layer, "the padding", padding, axes).map((p): readonly [number, number] => [p, p]);
    this.groups = groups;
    const random = streamOf(options.random);
    const shape = [outputs, inputs / groups, ...lengths];
    const bound = 1 / Math.sqrt(sizeOf(shape.slice(1)));
    this.weight = parameter(initializer(random.next(), shape));
    this.bias =
      options.bias === false
        ? undefined
        : parameter(
            options.initializer?.(random.next(), [outputs]) ??
              uniform(random.next(), [outputs], { low: -bound, high: bound }),
          );
  }

  forward(x: Tensor): Tensor {
    // [batch, inputs, ...space] -> [batch, outputs, ...space′]
    const { stride, padding, dilation: kernelDilation, groups } = this;
    return withBias(convolution(x, this.weight, { stride, padding, kernelDilation, groups }), this.bias);
  }
}
