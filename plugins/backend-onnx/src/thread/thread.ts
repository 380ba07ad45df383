/** The program of the thread of `onnx({ ownThread: true })`: a backend, and what the other thread asks of it. */
import { parentPort, workerData } from "node:worker_threads";
import { BackendError } from "@ansatz/core";
import type { BackendBuffer, Program } from "@ansatz/core/plugin";
import { onnx } from "../onnx.ts";
import type { Answer, Message } from "./messages.ts";

const port = parentPort!;
const backend = await onnx({ threads: workerData as number });
const buffers = new Map<number, BackendBuffer>();
const programs = new Map<number, Program>();
let queue = Promise.resolve();

port.on("message", (message: Message) => {
  queue = queue.then(() => serve(message));
});

/** Does what a message says, after everything before it. */
async function serve(message: Message): Promise<void> {
  if (!("call" in message)) {
    await done(message);
    return;
  }
  const { call } = message;
  try {
    const value = await done(message);
    const transferred = ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : [];
    port.postMessage({ call, value } satisfies Answer, transferred);
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    port.postMessage({ call, error, expected: error instanceof BackendError } satisfies Answer);
  }
}

async function done(message: Message): Promise<unknown> {
  switch (message.do) {
    case "upload":
      buffers.set(message.id, backend.upload(message.data, message.shape, message.dtype, true));
      return undefined;
    case "free":
      for (const id of message.ids) {
        backend.free(buffers.get(id)!);
        buffers.delete(id);
      }
      return undefined;
    case "forget":
      programs.get(message.program)?.dispose();
      programs.delete(message.program);
      return undefined;
    case "compile":
      programs.set(message.program, await backend.compile(message.graph));
      return undefined;
    case "run":
      return ran(message.program, message.inputs, message.first);
    case "download":
      return backend.download(buffers.get(message.id)!);
  }
}

async function ran(program: number, ids: readonly number[], first: number): Promise<readonly number[]> {
  const inputs = ids.map((id) => buffers.get(id)!);
  const { outputs, updates } = await programs.get(program)!.run(inputs);
  for (const [i, buffer] of outputs.entries()) buffers.set(first + i, buffer);
  return updates.map((buffer, i) => {
    const position = inputs.indexOf(buffer);
    if (position >= 0) return ids[position]!;
    const id = first + outputs.length + i;
    buffers.set(id, buffer);
    return id;
  });
}
