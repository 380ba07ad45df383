import type { TypedArray } from "@ansatz/core";
import { allocate, sizeOf, type Kernel, type KernelDevice, type PartsKernel } from "@ansatz/core/plugin";
import { kernels as plainKernels, partsKernels as plainPartsKernels } from "@ansatz/kernels";
import { hold, viewOf, type Held, type TfjsEngine } from "./tfjs-engine.ts";
import type { Prepare, PrepareParts } from "./prepare.ts";

/**
 * The kernels of a tfjs backend for core's interpreter. They come from the tables, of which later ones take precedence;
 * all other ops run in plain TypeScript on the same memory.
 */
export function deviceOf(
  name: string,
  engine: TfjsEngine,
  tables: readonly Readonly<Record<string, Prepare>>[],
  partsOps: Readonly<Record<string, PrepareParts>> = {},
): KernelDevice<Held> {
  const { backend } = engine;

  const plain =
    (kernel: Kernel<TypedArray>): Kernel<Held> =>
    (node, inputs) => {
      const run = kernel(node, inputs);
      return (values) => hold(engine, run(values.map((value) => viewOf(engine, value))), node.shape, node.dtype);
    };

  const plainParts =
    (kernel: PartsKernel<TypedArray>): PartsKernel<Held> =>
    (node, inputs) => {
      const run = kernel(node, inputs);
      return (values) =>
        run(values.map((value) => viewOf(engine, value))).map((data, i) =>
          hold(engine, data, node.parts![i]!.shape, node.parts![i]!.dtype),
        );
    };

  const kernels: Record<string, Kernel<Held>> = {};
  for (const [op, kernel] of Object.entries(plainKernels)) kernels[op] = plain(kernel);
  for (const [op, prepare] of tables.flatMap((ops) => Object.entries(ops))) {
    const otherwise = kernels[op];
    kernels[op] = (node, inputs) => {
      const run = prepare(node, inputs, engine);
      if (run === undefined) return otherwise!(node, inputs);
      return (values) => ({ tensor: run(values.map(({ tensor }) => tensor)), dtype: node.dtype });
    };
  }

  const partsKernels: Record<string, PartsKernel<Held>> = {};
  for (const [op, kernel] of Object.entries(plainPartsKernels)) partsKernels[op] = plainParts(kernel);
  for (const [op, prepare] of Object.entries(partsOps)) {
    partsKernels[op] = (node, inputs) => {
      const run = prepare(node, inputs, engine);
      return (values) =>
        run(values.map(({ tensor }) => tensor)).map((tensor, i) => ({ tensor, dtype: node.parts![i]!.dtype }));
    };
  }

  return {
    name,
    kernels,
    partsKernels,
    share(value) {
      backend.incRef(value.tensor.dataId);
      return value;
    },
    free: ({ tensor }) => void backend.disposeData(tensor.dataId),
    step(sequence, index, { shape, dtype }) {
      if (engine.step !== undefined) return { tensor: engine.step(sequence.tensor, index), dtype };
      const size = sizeOf(shape.slice(1));
      return hold(engine, viewOf(engine, sequence).slice(index * size, (index + 1) * size), shape.slice(1), dtype);
    },
    stack(steps, { shape, dtype }) {
      if (engine.stack !== undefined) return { tensor: engine.stack(steps.map(({ tensor }) => tensor)), dtype };
      const size = sizeOf(shape.slice(1));
      const data = allocate(dtype, sizeOf(shape));
      for (const [i, value] of steps.entries()) data.set(viewOf(engine, value), i * size);
      return hold(engine, data, shape, dtype);
    },
  };
}
