import {
  ArgumentError,
  convolution,
  flip,
  Module,
  parameter,
  reshape,
  transpose,
  uniform,
  type Parameter,
  type Tensor,
} from "@ansatz/core";
import { sizeOf } from "@ansatz/core/plugin";
import { fanInUniform, type Initializer } from "../initializers/basic.ts";
import { streamOf, type RandomSource } from "../random-source.ts";
import { eachAxis, withBias, type Spatial } from "./convolution-layer.ts";

export interface TransposedConvolutionLayerOptions {
  /** Default: 1. */
  readonly stride?: Spatial;
  /** How much is cut off both sides: the padding of the convolution that this is the transpose of. Default: 0. */
  readonly padding?: Spatial;
  /** Added to the length of the result, which a stride leaves ambiguous. Default: 0. */
  readonly outputPadding?: Spatial;
  readonly dilation?: Spatial;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly initializer?: Initializer;
  readonly random?: RandomSource;
}

/** A transposed convolution over any number of spatial axes. */
export abstract class TransposedConvolutionLayer extends Module {
  readonly weight: Parameter; // [inputs, outputs / groups, ...window]
  readonly bias: Parameter | undefined; // [outputs]
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;

  constructor(
    axes: number,
    inputs: number,
    outputs: number,
    window: Spatial,
    options: TransposedConvolutionLayerOptions,
  ) {
    super();
    const layer = new.target.name;
    const {
      stride = 1,
      padding = 0,
      outputPadding = 0,
      dilation = 1,
      groups = 1,
      initializer = fanInUniform,
    } = options;
    if (inputs % groups !== 0 || outputs % groups !== 0)
      throw new ArgumentError(
        `${layer}: ${groups} groups do not divide ${inputs} inputs and ${outputs} outputs\n` +
          "  use a number that divides both",
      );
    this.stride = eachAxis(layer, "the stride", stride, axes);
    this.padding = eachAxis(layer, "the padding", padding, axes);
    this.outputPadding = eachAxis(layer, "the output padding", outputPadding, axes);
    this.dilation = eachAxis(layer, "the dilation", dilation, axes);
    this.groups = groups;
    const random = streamOf(options.random);
    const shape = [inputs, outputs / groups, ...eachAxis(layer, "the window", window, axes)];
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
    const { groups, stride, dilation } = this;
    const [inputs, outputs, ...window] = this.weight.shape as [number, number, ...number[]];
    const grouped = reshape(this.weight, [groups, inputs / groups, outputs, ...window]);
    const swapped = reshape(transpose(grouped, [0, 2, 1, ...window.map((_, i) => i + 3)]), [
      groups * outputs,
      inputs / groups,
      ...window,
    ]);
    const padding = window.map((length, i): readonly [number, number] => {
      const edge = dilation[i]! * (length - 1) - this.padding[i]!;
      return [edge, edge + this.outputPadding[i]!];
    });
    return withBias(
      convolution(
        x,
        flip(
          swapped,
          window.map((_, i) => i + 2),
        ),
        { padding, inputDilation: stride, kernelDilation: dilation, groups },
      ),
      this.bias,
    );
  }
}
