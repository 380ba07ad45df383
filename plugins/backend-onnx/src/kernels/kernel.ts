import { addIntegers, constantVector, get, integer, lessThan, load, loadSplat, loop, moduleOf, set, store, tee } from "./assembly.ts";
import { engine } from "./engine.ts";
import { type Expression, keyOf, type Operand } from "./expression.ts";
import { instructions } from "./instructions.ts";
import { Scratch, slotOffset } from "./scratch.ts";

/** Works through the first `bytes` bytes of the scratch memory's slots; a multiple of 16, more than none. */
export type Kernel = (bytes: number) => void;

/** The kernels of a backend: one for each distinct expression, all over one scratch memory. */
export class Kernels {
  readonly scratch = new Scratch();
  readonly #kernels = new Map<string, Kernel>();

  get(expression: Expression): Kernel {
    const key = keyOf(expression);
    let kernel = this.#kernels.get(key);
    if (kernel === undefined) {
      const module = new engine.Module(assemble(expression));
      const instance = new engine.Instance(module, { memory: { memory: this.scratch.memory } });
      kernel = instance.exports["run"] as Kernel;
      this.#kernels.set(key, kernel);
    }
    return kernel;
  }
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** The WebAssembly module of an expression. Local variables: the end, the position, then constants, scalars, tensors and steps. */
export function assemble(expression: Expression): Uint8Array<ArrayBuffer> {
  const { steps, tensors, scalars, results } = expression;
  const [end, at] = [0, 1];
  const operands = [...steps.flatMap((step) => step.operands), ...results.map(({ value }) => value)];
  const constants = [...new Set(operands.flatMap((operand) => (operand.from === "constant" ? [operand.bits] : [])))];
  const first = { constant: 2, scalar: 2 + constants.length, tensor: 2 + constants.length + scalars, step: 2 + constants.length + scalars + tensors };
  const code = (operand: Operand): number[] =>
    get(operand.from === "constant" ? first.constant + constants.indexOf(operand.bits) : first[operand.from] + operand.index);

  const before = [
    ...constants.flatMap((bits, i) => [...constantVector(new Uint8Array(Uint32Array.of(bits).buffer)), ...set(first.constant + i)]),
    ...range(scalars).flatMap((i) => [...integer(4 * i), ...loadSplat(0), ...set(first.scalar + i)]),
  ];
  const each = [
    ...range(tensors).flatMap((i) => [...get(at), ...load(slotOffset(i)), ...set(first.tensor + i)]),
    ...steps.flatMap(({ op, operands: parts }, i) => {
      const instruction = instructions[op];
      if (instruction === undefined) throw new TypeError(`onnx: no kernel does "${op}"`);
      return [...instruction(...parts.map(code)), ...set(first.step + i)];
    }),
    ...results.flatMap(({ value, tensor }) => [...get(at), ...code(value), ...store(slotOffset(tensor))]),
    ...get(at),
    ...integer(16),
    ...addIntegers,
    ...tee(at),
    ...get(end),
    ...lessThan,
  ];
  return moduleOf(first.step + steps.length - 2, [...before, ...loop(each)]);
}
