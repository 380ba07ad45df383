import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Graph } from "@ansatz/core/plugin";
import { expect, test } from "vitest";
import { onnx } from "./index.ts";
import { GraphWriter } from "./testing.ts";

/** exp(x W). */
function product(): Graph {
  const writer = new GraphWriter();
  const [x, w] = [writer.leaf([4, 8]), writer.leaf([8, 2])];
  const y = writer.op("matmul", [x, w], {}, [4, 2]);
  return writer.graph([writer.op("exp", [y], {}, [4, 2])]);
}

const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("ansatz-onnx-trace-"));

test("measures the kernels of programs that are compiled until it ends, and leaves no file behind", async () => {
  const before = folders();
  const backend = await onnx({ threads: 1 });
  const end = backend.profile!();
  const graph = product();
  const program = await backend.compile(graph);
  const inputs = [
    backend.upload(new Float32Array(32).fill(1), [4, 8], "float32"),
    backend.upload(new Float32Array(16).fill(1), [8, 2], "float32"),
  ];
  for (let i = 0; i < 3; i++) await program.run(inputs);
  const profiles = await end();
  expect(profiles.map(({ graph: of, runs }) => [of, runs])).toEqual([[graph, 2]]);
  const [{ kernels, engineMilliseconds, updateMilliseconds }] = profiles as [(typeof profiles)[0]];
  expect(kernels.map(({ node, count, bytes }) => [node?.op, count, bytes])).toEqual(
    expect.arrayContaining([
      ["matmul", 2, 64],
      ["exp", 2, 64],
    ]),
  );
  expect(engineMilliseconds).toBeGreaterThan(kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
  expect(updateMilliseconds).toBeLessThan(1);
  expect((await program.run(inputs)).outputs).toHaveLength(1); // it still runs
  const later = await backend.compile(product());
  await later.run(inputs);
  backend.dispose();
  expect(folders()).toEqual(before);
});
