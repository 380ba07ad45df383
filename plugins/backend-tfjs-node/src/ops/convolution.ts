import { numberAttribute, numbersAttribute, pairsAttribute } from "@ansatz/core/plugin";
import { several, type Prepare } from "@ansatz/tfjs";
import { operation, scalar, vector, type Operation } from "../tensorflow.ts";

/**
 * Convolutions over one to three axes, with channels last while TensorFlow computes. For a dilated input, zeros are
 * first inserted between its elements. TensorFlow's CPU kernels lack dilated kernels and groups over three axes; both
 * run in plain TypeScript.
 */
export const convolution: Readonly<Record<string, Prepare>> = {
  convolution: (node, [x, kernel], engine) => {
    const axes = node.shape.length - 2;
    const groups = numberAttribute(node, "groups");
    const [stride, dilation, spread] = [
      numbersAttribute(node, "stride"),
      numbersAttribute(node, "kernelDilation"),
      numbersAttribute(node, "inputDilation"),
    ];
    if (axes === 3 && (groups > 1 || dilation.some((step) => step > 1))) return undefined;

    // One axis is treated as two, with a second axis of length 1.
    const filled = (list: readonly number[], value: number) => (axes === 1 ? [...list, value] : list);
    const count = Math.max(axes, 2);
    const spatial = Array.from({ length: count }, (_, i) => i);
    const reshape = (shape: readonly number[]) => operation(engine, "Reshape", {}, [vector(shape)]);
    const transpose = (permutation: readonly number[]) => operation(engine, "Transpose", {}, [vector(permutation)]);
    const toLast = transpose([0, ...spatial.map((i) => i + 2), 1]);
    const kernelToLast = transpose([...spatial.map((i) => i + 2), 1, 0]);
    const toFirst = transpose([0, count + 1, ...spatial.map((i) => i + 1)]);

    const steps: Operation[] = axes === 1 ? [reshape([...x!.shape, 1])] : [];
    steps.push(toLast);
    const [batch, channels, ...lengths] = filled(x!.shape, 1) as [number, number, ...number[]];
    const zeros = filled(spread, 1);
    const room = lengths.map((length, i) => length * zeros[i]!);
    if (zeros.some((step) => step > 1)) {
      const apart = [batch, ...lengths.flatMap((length) => [length, 1]), channels];
      const widths = [0, 0, ...zeros.flatMap((step) => [0, 0, 0, step - 1]), 0, 0];
      steps.push(
        reshape(apart),
        operation(engine, "PadV2", {}, [vector(widths, 2), scalar(0, "float32")]),
        reshape([batch, ...room, channels]),
      );
    }
    // Negative widths crop. The zeros that were inserted after the last element are cropped too.
    const padding = [...pairsAttribute(node, "padding"), ...(axes === 1 ? [[0, 0] as const] : [])].map(
      ([before, after], i) => [before, after - (zeros[i]! - 1)] as const,
    );
    if (padding.flat().some((width) => width < 0)) {
      const start = [0, ...padding.map(([before]) => Math.max(0, -before)), 0];
      const end = [batch, ...padding.map(([, after], i) => room[i]! - Math.max(0, -after)), channels];
      steps.push(operation(engine, "StridedSlice", {}, [vector(start), vector(end), vector(start.map(() => 1))]));
    }
    if (padding.flat().some((width) => width > 0)) {
      const widths = [0, 0, ...padding.flat().map((width) => Math.max(0, width)), 0, 0];
      steps.push(operation(engine, "PadV2", {}, [vector(widths, 2), scalar(0, "float32")]));
    }
    const kernelSteps = axes === 1 ? [reshape([...kernel!.shape, 1]), kernelToLast] : [kernelToLast];
    const convolve = operation(engine, axes === 3 ? "Conv3D" : "Conv2D", {
      padding: "VALID",
      strides: [1, ...filled(stride, 1), 1],
      ...(axes === 3 ? {} : { dilations: [1, ...filled(dilation, 1), 1] }),
    });
    const back = axes === 1 ? [toFirst, reshape(node.shape)] : [toFirst];

    return ([input, weight]) =>
      several(engine, (own) => {
        const image = steps.reduce((value, step) => own(step([value])), input!);
        const window = kernelSteps.reduce((value, step) => own(step([value])), weight!);
        const [first, ...rest] = back;
        const result = own(convolve([image, window]));
        return rest.reduce((value, step) => step([own(value)]), first!([result]));
      });
  },
};
