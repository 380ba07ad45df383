import { BackendError } from "@ansatz/core";

/** The error for a graph that breaks the contract of core: it names what is wrong. */
export function malformed(what: string): BackendError {
  return new BackendError(`onnx: the graph is malformed: ${what}\n  check the code that recorded or rewrote it`);
}
