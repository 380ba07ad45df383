import { StateError, type StateDict, type TensorData } from "@ansatz/core";
import { showShape } from "@ansatz/core/plugin";
import { renamed, type PyTorchLayout } from "../pytorch-state.ts";

const projections = ["query", "key", "value"] as const;
const parts = ["weight", "bias"] as const;
const separate = renamed(["query.", "q_proj."], ["key.", "k_proj."], ["value.", "v_proj."], ["output.", "out_proj."]);

/**
 * The entries of PyTorch's MultiheadAttention, which keeps the projections of queries, keys and values in one matrix.
 *
 * With grouped queries, which PyTorch's layer doesn't have, each projection keeps an entry of its own, with the names
 * of Hugging Face's models: `q_proj.weight`, `k_proj.weight`, `v_proj.weight`. Such entries are always read.
 */
export function projectionLayout(grouped: boolean): PyTorchLayout {
  return {
    toPyTorch: (state) => separate.toPyTorch(grouped ? state : joined(state)),
    fromPyTorch: (state) => separate.fromPyTorch(split(state, grouped)),
  };
}

function joined(state: StateDict): StateDict {
  const rest = { ...state };
  for (const part of parts) {
    const names = projections.map((name) => `${name}.${part}`);
    const whole = names.flatMap((name) => state[name] ?? []);
    if (whole.length < names.length) continue;
    for (const name of names) delete rest[name];
    rest[`in_proj_${part}`] = stacked(whole);
  }
  return rest;
}

function split(state: StateDict, grouped: boolean): StateDict {
  const rest = { ...state };
  for (const part of parts) {
    const name = `in_proj_${part}`;
    const whole = state[name];
    if (whole === undefined) continue;
    if (grouped)
      throw new StateError(
        `fromPyTorch: there is ${name}, but this attention has grouped queries, which PyTorch's layer doesn't have\n` +
          `  give q_proj.${part}, k_proj.${part} and v_proj.${part}`,
      );
    if (whole.shape[0]! % projections.length !== 0)
      throw new StateError(
        `fromPyTorch: ${name} is ${showShape(whole.shape)} but must be the projections of queries, keys and values\n` +
          "  give three of the same size, one below the other",
      );
    delete rest[name];
    for (const [i, third] of thirds(whole).entries()) rest[`${projections[i]}.${part}`] = third;
  }
  return rest;
}

/** Stacks matrices or vectors along the first axis. */
function stacked(matrices: readonly TensorData[]): TensorData {
  const [{ dtype, shape, data }] = matrices as [TensorData];
  const whole = data.constructor as new (length: number) => typeof data;
  const together = new whole(matrices.reduce((sum, matrix) => sum + matrix.data.length, 0));
  let start = 0;
  for (const matrix of matrices) {
    together.set(matrix.data, start);
    start += matrix.data.length;
  }
  const rows = matrices.reduce((sum, matrix) => sum + matrix.shape[0]!, 0);
  return { shape: [rows, ...shape.slice(1)], dtype, data: together };
}

function thirds({ shape, dtype, data }: TensorData): TensorData[] {
  const size = data.length / projections.length;
  return projections.map((_, i) => ({
    shape: [shape[0]! / projections.length, ...shape.slice(1)],
    dtype,
    data: data.slice(i * size, (i + 1) * size),
  }));
}
