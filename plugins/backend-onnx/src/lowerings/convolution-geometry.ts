/** A convolution of ONNX: it has no input dilation, and its padding is not negative. */
export interface Convolution {
  readonly x: string;
  /** The lengths of the spatial axes of x. */
  readonly lengths: readonly number[];
  readonly pads: readonly (readonly [low: number, high: number])[];
  readonly window: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly group: number;
}

/** The attributes of ONNX's `Conv`. */
export function attributesOf({
  window,
  strides,
  dilations,
  pads,
  group,
}: Convolution): Record<string, number[] | number> {
  return {
    kernel_shape: [...window],
    strides: [...strides],
    dilations: [...dilations],
    pads: [...pads.map(([low]) => low), ...pads.map(([, high]) => high)],
    group,
  };
}
