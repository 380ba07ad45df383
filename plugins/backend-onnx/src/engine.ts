import type { DType, Shape, TypedArray } from "@ansatz/core";
import type { InferenceSession } from "onnxruntime-node";
import { binding, initOrt } from "onnxruntime-node/dist/binding.js";
import { elementTypeOf } from "./model/element-type.ts";

/** A value over host memory, as onnxruntime's binding reads it: its own class has nothing more, and takes time. */
export interface EngineTensor {
  readonly location: "cpu";
  readonly type: string;
  readonly dims: Shape;
  readonly data: TypedArray;
}

/** Values by their names in the model. */
export type Values = Record<string, EngineTensor | null>;

/**
 * A model that onnxruntime has loaded. It is the binding below onnxruntime-node's interface, which gives the event loop
 * a turn at each run: that takes 0.06 ms. Core lets other tasks have their turn anyway.
 */
export interface EngineSession {
  /** Computes outputs, each into the memory that it was given. */
  run(inputs: Values, outputs: Values): Readonly<Record<string, { readonly data: unknown }>>;
  endProfiling(): void;
  dispose(): void;
}

/** Loads a model. @throws what onnxruntime says of it */
export function loadModel(bytes: Uint8Array, options: InferenceSession.SessionOptions): EngineSession {
  initOrt();
  const session = new binding.InferenceSession();
  session.loadModel(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength, options);
  return session as unknown as EngineSession;
}

/** A tensor over host memory. */
export function tensorOver(data: TypedArray, shape: Shape, dtype: DType): EngineTensor {
  return { location: "cpu", type: elementTypeOf(dtype), dims: shape, data };
}
