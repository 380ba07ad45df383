/** The kernels that multiply matrices, and those that convolve. */
const products = new Set(["Gemm", "FusedGemm", "MatMul", "FusedMatMul"]);
const convolutions = new Set(["Conv", "FusedConv"]);

const elements = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/**
 * The floating-point operations of a product of matrices or of a convolution, two for each multiplication; 0 for other
 * kernels.
 */
export function productOperations(
  kernel: string,
  inputs: readonly (readonly number[])[],
  output: readonly number[] | undefined,
): number {
  const [left, right] = inputs;
  if (left === undefined || right === undefined || output === undefined) return 0;
  // A filter is [filters, channels in its group, height, width], and [channels, filters, …] if it is transposed.
  if (kernel === "ConvTranspose") return (2 * elements(left) * elements(right)) / Math.max(1, right[0]!);
  if (convolutions.has(kernel)) return (2 * elements(output) * elements(right)) / Math.max(1, right[0]!);
  if (!products.has(kernel)) return 0;
  // [M, K] · [K, N] in any layout has √(MK · KN · MN) multiplications; an operand of a batch counts once for each.
  const batch = elements(output.slice(0, -2));
  const each = (shape: readonly number[]): number => elements(shape.slice(-2));
  return left.length === 1 || right.length === 1
    ? 2 * Math.max(elements(left), elements(right))
    : 2 * batch * Math.sqrt(each(left) * each(right) * each(output));
}
