import { addIntegers, constantVector, get, integer, lessThan, load, loadSplat, loop, moduleOf, set, store, tee } from "./assembly.ts";
import { engine } from "./engine.ts";
import { type Expression, keyOf, type Operand } from "./expression.ts";
import { instructions } from "./instructions.ts";
import { Scratch } from "./scratch.ts";

/** Works through the first `bytes` bytes, a multiple of 16 and more than none, of tensors that begin at the given addresses. */
export type Kernel = (bytes: number, ...addresses: number[]) => void;

/** The kernels of a backend: one module for each distinct expression, and one instance for each memory that it works in. */
export class Kernels {
  readonly scratch = new Scratch();
  readonly #modules = new Map<string, object>();
  readonly #instances = new WeakMap<object, Map<string, Kernel>>();

  get(expression: Expression, memory: object): Kernel {
    const key = keyOf(expression);
    let kernels = this.#instances.get(memory);
    if (kernels === undefined) this.#instances.set(memory, (kernels = new Map()));
    let kernel = kernels.get(key);
    if (kernel === undefined) {
      const module = this.#modules.get(key) ?? new engine.Module(assemble(expression));
      this.#modules.set(key, module);
      kernel = new engine.Instance(module, { memory: { memory } }).exports["run"] as Kernel;
      kernels.set(key, kernel);
    }
    return kernel;
  }
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** The WebAssembly module of an expression. Its parameters are the end and the tensors' addresses; its variables the position, then constants, scalars, tensors and steps. */
export function assemble(expression: Expression): Uint8Array<ArrayBuffer> {
  const { steps, tensors, scalars, results } = expression;
  const end = 0;
  const address = (tensor: number): number => 1 + tensor;
  const at = 1 + tensors;
  const operands = [...steps.flatMap((step) => step.operands), ...results.map(({ value }) => value)];
  const constants = [...new Set(operands.flatMap((operand) => (operand.from === "constant" ? [operand.bits] : [])))];
  const vectors = at + 1;
  const first = { constant: vectors, scalar: vectors + constants.length, tensor: vectors + constants.length + scalars, step: vectors + constants.length + scalars + tensors };
  const code = (operand: Operand): number[] =>
    get(operand.from === "constant" ? first.constant + constants.indexOf(operand.bits) : first[operand.from] + operand.index);

  const place = (tensor: number): number[] => [...get(address(tensor)), ...get(at), ...addIntegers];
  const before = [
    ...constants.flatMap((bits, i) => [...constantVector(new Uint8Array(Uint32Array.of(bits).buffer)), ...set(first.constant + i)]),
    ...range(scalars).flatMap((i) => [...integer(4 * i), ...loadSplat(0), ...set(first.scalar + i)]),
  ];
  const each = [
    ...range(tensors).flatMap((i) => [...place(i), ...load(0), ...set(first.tensor + i)]),
    ...steps.flatMap(({ op, operands: parts }, i) => {
      const instruction = instructions[op];
      if (instruction === undefined) throw new TypeError(`onnx: no kernel does "${op}"`);
      return [...instruction(...parts.map(code)), ...set(first.step + i)];
    }),
    ...results.flatMap(({ value, tensor }) => [...place(tensor), ...code(value), ...store(0)]),
    ...get(at),
    ...integer(16),
    ...addIntegers,
    ...tee(at),
    ...get(end),
    ...lessThan,
  ];
  return moduleOf(1 + tensors, first.step + steps.length - vectors, [...before, ...loop(each)]);
}
