import {
  ArgumentError,
  compile,
  concat,
  convolution,
  gather,
  grad,
  input,
  key,
  matmul,
  memory,
  normal,
  Optimizer,
  parameter,
  realize,
  relu,
  scan,
  softmax,
  sum,
  tensor,
  transpose,
  use,
  type Tensor,
} from "@ansatz/core";
import { crossEntropy, Linear, Sequential } from "@ansatz/nn";
import { adamw } from "@ansatz/optim";
import * as tfjs from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";
import { tfjsNode } from "./index.ts";
import { engineOf, operation, type NodeBackend } from "./tensorflow.ts";
import { withNativePart } from "./testing.ts";

test("an unknown device is refused", async () => {
  await expect(tfjsNode({ device: "tpu" as "cpu" })).rejects.toThrow(ArgumentError);
  vi.stubEnv("ANSATZ_TFJS_DEVICE", "tpu");
  await expect(tfjsNode()).rejects.toThrow(/the device is "tpu"/);
  vi.unstubAllEnvs();
});

withNativePart(() => {
  /** The numbers of tensors that tfjs and TensorFlow count. */
  function counted(): readonly number[] {
    const backend = tfjs.findBackend("tensorflow") as NodeBackend;
    return [tfjs.memory().numTensors, backend.binding.getNumOfTensors(), backend.numDataIds()];
  }

  test("memory names the device, and a process cannot switch to another", async () => {
    const backend = await use(await tfjsNode());
    expect(memory().device).toMatch(/^(CPU, \d+ threads?|GPU.*), TensorFlow \d/);
    const other = backend.memory().device!.startsWith("CPU") ? "gpu" : "cpu";
    await expect(tfjsNode({ device: other })).rejects.toThrow(/cannot switch to/);
  });

  test("3,000 training steps leave no tensors behind, in tfjs or in TensorFlow", async () => {
    await use(await tfjsNode());
    const model = new Sequential(new Linear(8, 16), relu, new Linear(16, 4));
    const optimizer = new Optimizer(model, adamw, { learningRate: 1e-3 });
    const target = tensor([0, 1, 2, 3], { dtype: "int32" });
    const step = compile((images: Tensor) => {
      const loss = crossEntropy(model.forward(images), target);
      optimizer.update(grad(loss, model.parameters()));
      return loss;
    });
    const images = new Float32Array(32).fill(0.5);
    let before: readonly number[] = [];
    for (let i = 0; i < 3_010; i++) {
      await (await step(tensor(images, { shape: [4, 8] }))).item();
      if (i === 9) before = counted();
    }
    expect(counted()).toEqual(before);
  });

  test("ops that consist of several TensorFlow ops leave none behind, even if one throws", async () => {
    await use(await tfjsNode());
    const x = normal(key(1), [2, 3, 6, 6]);
    const weight = parameter(normal(key(2), [4, 3, 3, 3]));
    const run = async (index: number) => {
      const image = convolution(x, weight, { stride: 2, padding: 1 });
      const [gradient] = grad(sum(softmax(image, 1)), [weight.read()]) as [Tensor];
      const [, sums] = scan(
        (carry: Tensor, row: Tensor) => [concat([carry, row]).slice([[1, 3]]), carry],
        tensor([0, 0]),
        tensor([[1], [2], [3]]),
      );
      const picked = gather(tensor([1, 2, 3]), input(index, { dtype: "int32" }));
      await realize(gradient, sums as Tensor, picked);
      for (const result of [gradient, sums as Tensor, picked]) result.dispose();
    };
    await run(0);
    const before = counted();
    for (let i = 0; i < 20; i++) await run(i % 3);
    await expect(run(3)).rejects.toThrow(/index 3 is out of range/);
    expect(counted()).toEqual(before);
  });

  test("an uploaded array is not written to, and is not needed afterwards", async () => {
    const backend = await use(await tfjsNode());
    const data = Float32Array.of(1, 2, 3, 4);
    const buffer = backend.upload(data, [2, 2], "float32");
    const program = await backend.compile({
      nodes: [
        { op: "leaf", inputs: [], attributes: {}, shape: [2, 2], dtype: "float32" },
        { op: "transpose", inputs: [0], attributes: { permutation: [1, 0] }, shape: [2, 2], dtype: "float32" },
        { op: "matmul", inputs: [1, 0], attributes: {}, shape: [2, 2], dtype: "float32" },
      ],
      inputs: [0],
      outputs: [2],
      updates: [],
    });
    const { outputs } = await program.run([buffer]);
    backend.free(buffer);
    expect([...(await backend.download(outputs[0]!))]).toEqual([10, 14, 14, 20]); // Aᵀ A
    backend.free(outputs[0]!);
    expect([...data]).toEqual([1, 2, 3, 4]);
    program.dispose();
  });

  test("a failure of TensorFlow is an error with the op, the operands and a fix", async () => {
    await tfjsNode();
    const engine = engineOf(tfjs.findBackend("tensorflow") as NodeBackend, "");
    const vectors = [2, 3].map((length) => engine.write(new Float32Array(length), [length], "float32"));
    expect(() => operation(engine, "AddV2")(vectors)).toThrow(
      /^tfjs-node: TensorFlow's AddV2 failed on float32 \[2\], float32 \[3\]: [^]*Incompatible shapes[^]*\n {2}run /,
    );
    for (const { dataId } of vectors) engine.backend.disposeData(dataId);
  });

  test("every transpose, alone and in a batch that broadcasts, gives the plain product", async () => {
    await use(await tfjsNode());
    const [a, b] = [normal(key(3), [2, 1, 3, 4]), normal(key(4), [5, 4, 6])];
    const expected = await matmul(a, b).data();
    const [left, right] = [
      tensor(await transpose(a).data(), { shape: [2, 1, 4, 3] }),
      tensor(await transpose(b).data(), { shape: [5, 6, 4] }),
    ];
    for (const product of [
      matmul(transpose(left), b),
      matmul(a, transpose(right)),
      matmul(transpose(left), transpose(right)),
      transpose(matmul(right, left)),
    ]) {
      for (const [i, value] of (await product.data()).entries()) expect(value).toBeCloseTo(expected[i]!, 5);
    }
  });
});
