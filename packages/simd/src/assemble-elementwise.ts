import { BackendError } from "@ansatz/core";
import {
  addIntegers,
  bitwiseAnd,
  constantVector,
  count,
  get,
  integer,
  load,
  loadOne,
  loadSpread,
  loadBools,
  loadBoolSpread,
  loop,
  moduleOf,
  set,
  shiftLeft,
  shiftRight,
  store,
  storeOne,
  storeBool,
  storeBools,
  subtractIntegers,
  tee,
} from "./assembly.ts";
import { constantOperand, type Expression, type Operand, type ExpressionStep } from "./expression.ts";
import { type Emit, functions } from "./functions.ts";
import { instructions } from "./instructions.ts";

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** The WebAssembly module of an expression, for a memory that is shared between threads or not. */
export function assembleElementwise(expression: Expression, shared: boolean): Uint8Array<ArrayBuffer> {
  const { tensors } = expression;
  const { steps, results } = expand(expression);
  const operands = [...steps.flatMap((step) => step.operands), ...results.map(({ value }) => value)];
  const constants = [...new Set(operands.flatMap((operand) => (operand.from === "constant" ? [operand.bits] : [])))];
  const read = new Set(operands.flatMap((operand) => (operand.from === "tensor" ? [operand.index] : [])));

  // The locals: parameters first, then integers, then vectors.
  const [rows, columns] = [0, 1];
  const address = (tensor: number): number => 2 + 2 * tensor;
  const stride = (tensor: number): number => 3 + 2 * tensor;
  const parameters = 2 + 2 * tensors.length;
  const [at, end, whole] = [parameters, parameters + 1, parameters + 2]; // in bytes, within a row of floats
  const vectors = parameters + 3;
  const first = {
    constant: vectors,
    tensor: vectors + constants.length,
    step: vectors + constants.length + tensors.length,
  };
  const code = (operand: Operand): number[] =>
    get(
      operand.from === "constant"
        ? first.constant + constants.indexOf(operand.bits)
        : first[operand.from] + operand.index,
    );

  const place = (tensor: number): number[] => {
    const bools = tensors[tensor]?.dtype === "bool";
    return [...get(address(tensor)), ...get(at), ...(bools ? [...integer(2), ...shiftRight] : []), ...addIntegers];
  };
  const loaded = (tensor: number, one: boolean): number[] =>
    tensors[tensor]?.dtype === "bool" ? loadBools : one ? loadOne : load;
  const stored = (tensor: number, one: boolean): number[] =>
    tensors[tensor]?.dtype === "bool" ? (one ? storeBool : storeBools) : one ? storeOne : store;
  const each = (one: boolean): number[] => [
    ...range(tensors.length).flatMap((i) =>
      read.has(i) && tensors[i]?.spread === false ? [...place(i), ...loaded(i, one), ...set(first.tensor + i)] : [],
    ),
    ...steps.flatMap(({ op, operands: parts }, i) => [
      ...(instructions[op]?.(...parts.map(code)) ?? []),
      ...set(first.step + i),
    ]),
    ...results.flatMap(({ value, tensor }) => [...place(tensor), ...code(value), ...stored(tensor, one)]),
  ];
  const until = (limit: number, bytes: number): number[] => count(at, get(limit), bytes, each(bytes === 4));
  const row = [
    ...range(tensors.length).flatMap((i) =>
      tensors[i]?.spread === true
        ? [
            ...get(address(i)),
            ...(tensors[i]?.dtype === "bool" ? loadBoolSpread : loadSpread),
            ...set(first.tensor + i),
          ]
        : [],
    ),
    ...integer(0),
    ...set(at),
    ...until(whole, 16),
    ...until(end, 4),
    ...range(tensors.length).flatMap((i) => [
      ...get(address(i)),
      ...get(stride(i)),
      ...addIntegers,
      ...set(address(i)),
    ]),
    ...get(rows),
    ...integer(1),
    ...subtractIntegers,
    ...tee(rows),
  ];
  const body = [
    ...constants.flatMap((bits, i) => [
      ...constantVector(new Uint8Array(Uint32Array.of(bits).buffer)),
      ...set(first.constant + i),
    ]),
    ...get(columns),
    ...integer(2),
    ...shiftLeft,
    ...tee(end),
    ...integer(-16),
    ...bitwiseAnd,
    ...set(whole),
    ...loop(row),
  ];
  return moduleOf({ parameters, integers: 3, vectors: first.step + steps.length - vectors, body }, shared);
}

/** Rewrites an expression so that each step is one instruction. */
function expand({ steps, results }: Expression): Pick<Expression, "steps" | "results"> {
  const simple: ExpressionStep[] = [];
  const done: Operand[] = [];
  const emit: Emit = (op, ...operands) => {
    if (!Object.hasOwn(instructions, op))
      throw new BackendError(`simd: there is no instruction for "${op}"\n  check isElementwise before an op is joined`);
    return {
      from: "step",
      index:
        simple.push({
          op,
          operands: operands.map((operand) => (typeof operand === "number" ? constantOperand(operand) : operand)),
        }) - 1,
    };
  };
  const find = (operand: Operand): Operand => (operand.from === "step" ? (done[operand.index] ?? operand) : operand);
  for (const { op, operands } of steps) {
    const composition = Object.hasOwn(functions, op) ? functions[op] : undefined;
    const values = operands.map(find);
    done.push(composition === undefined ? emit(op, ...values) : composition(emit, values[0]!));
  }
  return { steps: simple, results: results.map(({ value, tensor }) => ({ value: find(value), tensor })) };
}
