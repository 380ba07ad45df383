import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { Module, use, type Tensor } from "@ansatz/core";
import { testModule, type ModuleGradientOptions } from "@ansatz/testkit";
import { beforeAll, describe, test } from "vitest";
import { golden, type Golden, type ReadState } from "./golden.ts";

/** The backends that every layer runs on. */
export const backends = [
  ["cpu", cpu],
  ["onnx", onnx],
] as const;

/** For rows whose attention has no rotary positions: a key's bias adds the same to all scores of a query. */
export const sharedScores = { withoutGradient: { "key.bias": "softmax ignores what all scores of a query share" } };

type Results = Readonly<Record<string, Tensor>>;

/** A layer that PyTorch also has. */
export interface LayerRow extends ModuleGradientOptions {
  /** Its name in the recording. */
  readonly name: string;
  readonly make: () => Module;
  /** The names of the recorded inputs. Default: `x`. */
  readonly inputs?: readonly string[];
  /** The results to compare, by their recorded names. Default: `y`, the result of `forward`. */
  readonly run?: (layer: never, ...inputs: Tensor[]) => Results;
  /** Gives recorded weights and gradients its own names and layouts. Default: `fromPyTorch`. */
  readonly read?: ReadState;
  /** Whether it was recorded in evaluation mode. Default: false. */
  readonly evaluate?: boolean;
}

/** A layer with its recorded weights, for the conformance suite. */
class Subject extends Module {
  readonly layer: Module;
  readonly row: LayerRow;

  constructor(row: LayerRow, recorded: Golden) {
    super();
    this.row = row;
    this.layer = recorded.fill(row.make());
    if (row.evaluate === true) this.layer.eval();
  }

  results(inputs: readonly Tensor[]): Results {
    if (this.row.run !== undefined) return this.row.run(this.layer as never, ...inputs);
    return { y: (this.layer as Module & { forward(...xs: readonly Tensor[]): Tensor }).forward(...inputs) };
  }

  forward(...inputs: Tensor[]): readonly Tensor[] {
    return Object.values(this.results(inputs));
  }
}

/** Compares every layer with PyTorch, forward and backward, and runs the conformance suite, on all backends. */
export async function testLayers(family: string, rows: readonly LayerRow[]): Promise<void> {
  const recorded = new Map<string, Golden>();
  for (const { name, read } of rows) recorded.set(name, await golden(family, name, read));

  describe.each(backends)("as PyTorch on %s, forward and backward:", (_name, backend) => {
    beforeAll(async () => use(await backend()));

    test.each(rows)("$name", async (row) => {
      const values = recorded.get(row.name)!;
      const inputs = Object.fromEntries((row.inputs ?? ["x"]).map((name) => [name, values.tensor(name)]));
      const subject = new Subject(row, values);
      await values.check(subject.results(Object.values(inputs)), inputs, subject.layer);
    });
  });

  describe.each(rows)("$name", (row) => {
    const values = recorded.get(row.name)!;
    for (const [, backend] of backends)
      testModule(
        () => new Subject(row, values),
        () => values.tensors(...(row.inputs ?? ["x"])),
        backend,
        row,
      );
  });
}

/**
 * A function that PyTorch also has: its name in the recording, the names of its inputs, and how to compute `y` from
 * them.
 */
export type FunctionRow = readonly [name: string, inputs: readonly string[], run: (...inputs: Tensor[]) => Tensor];

/**
 * Compares every function with PyTorch, forward and backward, on all backends. Gradients are compared if they are
 * recorded.
 */
export async function testFunctions(family: string, rows: readonly FunctionRow[]): Promise<void> {
  const recorded = new Map<string, Golden>();
  for (const [name] of rows) recorded.set(name, await golden(family, name));

  describe.each(backends)("as PyTorch on %s, forward and backward:", (_name, backend) => {
    beforeAll(async () => use(await backend()));

    test.each(rows)("%s", async (name, names, run) => {
      const values = recorded.get(name)!;
      const inputs = values.tensors(...names);
      const differentiated = Object.fromEntries(
        names.map((input, i) => [input, inputs[i]!] as const).filter(([input]) => values.has(`grad/${input}`)),
      );
      await values.check({ y: run(...inputs) }, differentiated);
    });
  });
}
