import { setTimeout } from "node:timers/promises";
import { cpu } from "@ansatz/backend-cpu";
import { BackendError } from "@ansatz/core";
import { testBackend } from "@ansatz/testkit";
import { describe, expect, test } from "vitest";
import { onnx } from "../index.ts";
import { GraphWriter } from "../testing.ts";

testBackend(() => onnx({ ownThread: true }), { oracle: cpu });

/** A graph that multiplies a matrix by itself many times. */
function longGraph(width: number) {
  const writer = new GraphWriter();
  let x = writer.leaf([width, width]);
  const leaf = x;
  for (let i = 0; i < 40; i++) x = writer.op("matmul", [x, leaf], {}, [width, width]);
  return writer.graph([x]);
}

describe("a backend in its own thread", () => {
  test("lets this thread go on while a program runs", async () => {
    const backend = await onnx({ ownThread: true });
    const program = await backend.compile(longGraph(700));
    const input = backend.upload(new Float32Array(700 * 700), [700, 700], "float32");
    await program.run([input]);
    let turns = 0;
    const counter = setInterval(() => turns++, 1);
    await program.run([input]);
    clearInterval(counter);
    expect(turns).toBeGreaterThan(10); // a run of some 28 GFLOP; in this thread, none
    backend.dispose();
  });

  test("flushes denormals, as one in this thread does", async () => {
    const writer = new GraphWriter();
    const tiny = writer.op("mul", [writer.leaf([1]), writer.constant(1e-30)], {}, [1]);
    const backend = await onnx({ ownThread: true });
    const program = await backend.compile(writer.graph([writer.op("mul", [tiny, writer.constant(1e30)], {}, [1])]));
    const { outputs } = await program.run([backend.upload(Float32Array.of(1e-10), [1], "float32")]);
    expect(await backend.download(outputs[0]!)).toEqual(Float32Array.of(0));
    backend.dispose();
  });

  test("takes over the memory of an array that nothing else refers to, and copies others", async () => {
    const backend = await onnx({ ownThread: true });
    const [sole, shared] = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
    const buffers = [backend.upload(sole, [2], "float32", true), backend.upload(shared, [2], "float32")];
    expect([sole.length, shared.length]).toEqual([0, 2]);
    expect(await Promise.all(buffers.map((buffer) => backend.download(buffer)))).toEqual([
      Float32Array.of(1, 2),
      Float32Array.of(3, 4),
    ]);
    backend.dispose();
  });

  test("says so when its thread is gone", async () => {
    const backend = await onnx({ ownThread: true });
    const buffer = backend.upload(Float32Array.of(1), [1], "float32");
    backend.dispose();
    await expect(backend.download(buffer)).rejects.toThrow(BackendError);
    expect(() => backend.upload(Float32Array.of(1), [1], "float32")).toThrow("create another");
    backend.free(buffer);
    await setTimeout(10); // nothing is thrown later either
  });
});
