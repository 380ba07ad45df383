import { cpu } from "@ansatz/backend-cpu";
import { onnx } from "@ansatz/backend-onnx";
import { Module, use, type Tensor } from "@ansatz/core";
import { testModule } from "@ansatz/testkit";
import { beforeAll, describe, test } from "vitest";
import { golden, type Golden } from "./golden.ts";

/** The backends that every layer runs on. */
export const backends = [
  ["cpu", cpu],
  ["onnx", onnx],
] as const;

type Results = Readonly<Record<string, Tensor>>;

/** A layer that PyTorch has, too. */
export interface LayerRow {
  /** Its name among the recorded ones. */
  readonly name: string;
  readonly make: () => Module;
  /** The recorded inputs; `x` unless given. */
  readonly inputs?: readonly string[];
  /** What is compared, by its recorded names; `y`, what `forward` gives, unless given. */
  readonly run?: (layer: never, ...inputs: Tensor[]) => Results;
  /** Whether it was recorded in evaluation. */
  readonly evaluate?: boolean;
  /** How far slopes may be off finite differences in the conformance suite; Infinity where the layer jumps. */
  readonly tolerance?: number;
}

/** A layer and what is asked of it, for the conformance suite. */
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

/** Every layer against PyTorch, forward and backward; and through the conformance suite, on all backends. */
export async function testLayers(family: string, rows: readonly LayerRow[]): Promise<void> {
  const recorded = new Map<string, Golden>();
  for (const { name } of rows) recorded.set(name, await golden(family, name));

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
        row.tolerance === undefined ? {} : { tolerance: row.tolerance },
      );
  });
}

/**
 * A function of tensors that PyTorch has, too: the name among the recorded ones, and what is compared as `y`, of the
 * recorded inputs.
 */
export type FunctionRow = readonly [name: string, inputs: readonly string[], run: (...inputs: Tensor[]) => Tensor];

/**
 * Every function against PyTorch, forward and backward, on all backends. Gradients are compared where they are
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
