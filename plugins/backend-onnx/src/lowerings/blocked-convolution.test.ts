import { cpu } from "@ansatz/backend-cpu";
import { add, convolution, scan, sum, zeros, type ConvolutionOptions, type Tensor } from "@ansatz/core";
import { sizeOf, traceGraph } from "@ansatz/core/plugin";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { expect, test } from "vitest";
import { channelBlock } from "../channel-block.ts";
import { onnx } from "../index.ts";
import { buildModel } from "../model/onnx-model.ts";
import { evaluate, f32, mismatches } from "../testing.ts";

const backend = await onnx({ threads: 2 });
/** Without blocks on this processor, the models are built for 16, and only the usual convolutions run. */
const block = channelBlock() ?? 16;

test.each([
  ["two blocks to one", [2, 2 * block, 9, 8], [block, 2 * block, 3, 3], { padding: 1 }, true],
  ["one block to two, with steps", [2, block, 9, 8], [2 * block, block, 3, 3], { stride: [2, 1], padding: 1 }, true],
  [
    "padding that differs by side",
    [1, block, 8, 9],
    [block, block, 4, 3],
    {
      padding: [
        [2, 1],
        [0, 1],
      ],
    },
    true,
  ],
  ["a kernel with gaps", [1, block, 12, 12], [block, block, 3, 3], { kernelDilation: [2, 3] }, true],
  ["an input with gaps", [1, block, 8, 8], [block, block, 3, 3], { inputDilation: 2, padding: 1 }, true],
  [
    "cropping",
    [1, block, 9, 9],
    [block, block, 3, 3],
    {
      padding: [
        [-1, 0],
        [0, -1],
      ],
    },
    true,
  ],
  ["a rest of channels", [1, block + 1, 9, 9], [block, block + 1, 3, 3], {}, false],
  ["a rest of outputs", [1, block, 9, 9], [block + 1, block, 3, 3], {}, false],
  ["a kernel of one element", [1, block, 9, 9], [block, block, 1, 1], {}, false],
  ["a result larger than what is read", [1, block, 5, 5], [block, block, 3, 3], { padding: 2 }, false],
  ["groups", [1, 2 * block, 9, 9], [2 * block, block, 3, 3], { groups: 2 }, false],
  ["one axis", [1, block, 90], [block, block, 9], {}, false],
] as [string, number[], number[], ConvolutionOptions, boolean][])(
  "channels in blocks: %s",
  async (_name, x, kernel, options, inBlocks) => {
    const shapes = [x, kernel];
    const types = shapes.map((shape) => ({ shape, dtype: "float32" as const }));
    const { graph } = traceGraph((...own: Tensor[]) => convolution(own[0]!, own[1]!, options), types, backend);
    const operands = shapes.map((shape) =>
      f32(
        shape,
        Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(7 * i)),
      ),
    );
    const [[found], [expected]] = [await evaluate(backend, graph, operands), await evaluate(cpu(), graph, operands)];
    expect(mismatches(found, [...expected!])).toEqual([]);
    const { bytes } = buildModel(graph, graph.outputs, { channelBlock: block });
    const ops = fromBinary(ModelProtoSchema, bytes).graph!.node.map(({ opType }) => opType);
    expect(ops.includes("ReorderInput")).toBe(inBlocks);
  },
);

test("channels in blocks within a loop: the model names whose ops it has", async () => {
  const shapes = [
    [2, 1, block, 9, 9],
    [block, block, 3, 3],
  ];
  const types = shapes.map((shape) => ({ shape, dtype: "float32" as const }));
  const step = (kernel: Tensor) => (carry: Tensor, x: Tensor) => {
    const y = convolution(x, kernel, { padding: 1 });
    return [add(carry, y), sum(y)] as const;
  };
  const { graph } = traceGraph(
    (...[images, kernel]: Tensor[]) => scan(step(kernel!), zeros([1, block, 9, 9]), images!)[0],
    types,
    backend,
  );
  const operands = shapes.map((shape) =>
    f32(
      shape,
      Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(7 * i)),
    ),
  );
  const [[found], [expected]] = [await evaluate(backend, graph, operands), await evaluate(cpu(), graph, operands)];
  expect(mismatches(found, [...expected!])).toEqual([]);
  const { bytes } = buildModel(graph, graph.outputs, { channelBlock: block });
  expect(new TextDecoder("latin1").decode(bytes)).toContain("ReorderInput");
  const { opsetImport } = fromBinary(ModelProtoSchema, bytes);
  expect(opsetImport.map(({ domain }) => domain)).toEqual(["", "com.microsoft.nchwc"]);
});

test("a model for other programs has no convolutions in blocks", () => {
  const shapes = [
    [1, block, 9, 9],
    [block, block, 3, 3],
  ].map((shape) => ({ shape, dtype: "float32" as const }));
  const { graph } = traceGraph((...own: Tensor[]) => convolution(own[0]!, own[1]!), shapes, backend);
  const names = { inputs: ["x", "kernel"], outputs: ["y"], stored: new Map() };
  const { graph: model, opsetImport } = fromBinary(ModelProtoSchema, buildModel(graph, graph.outputs, { names }).bytes);
  expect(model!.node.map(({ opType }) => opType)).toEqual(["Conv", "Identity"]);
  expect(opsetImport.map(({ domain }) => domain)).toEqual([""]);
});
