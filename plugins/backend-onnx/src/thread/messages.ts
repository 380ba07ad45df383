import type { DType, Shape, TypedArray } from "@ansatz/core";
import type { Graph } from "@ansatz/core/plugin";

/** What the thread is told. Values and programs have numbers. */
export type Order =
  | {
      readonly do: "upload";
      readonly id: number;
      readonly data: TypedArray;
      readonly shape: Shape;
      readonly dtype: DType;
    }
  | { readonly do: "free"; readonly ids: readonly number[] }
  | { readonly do: "forget"; readonly program: number };

/** What the thread is asked. */
export type Question =
  | { readonly do: "compile"; readonly program: number; readonly graph: Graph }
  /** The answer is the numbers of the values of the updates. New values have numbers from `first` on, outputs first. */
  | { readonly do: "run"; readonly program: number; readonly inputs: readonly number[]; readonly first: number }
  | { readonly do: "download"; readonly id: number };

export type Message = Order | (Question & { readonly call: number });

/** The thread's answer to a question. */
export type Answer = { readonly call: number } & (
  | { readonly value: unknown }
  | {
      readonly error: Error;
      /** Whether it is a BackendError: a class is lost on the way. */ readonly expected: boolean;
    }
);
